import { randomUUID } from 'node:crypto'
import type { RequestSource } from '../harness/generator.ts'

export const BATCH_EVENTS = 50
/** Each with a device that counts its events. So many fill the sets of users within five minutes. */
const PLAYERS = 50_000
const TYPES = [
  '"event_type":"progression","status":"complete","world":"forest","level":7',
  '"event_type":"economy","flow":"source","resource":"coins","amount":40',
  '"event_type":"session_start","language":"pt-PT"',
  '"event_type":"ad_impression","ad_format":"rewarded","ad_network":"admob"',
  '"event_type":"purchase","product_id":"gems","quantity":1,"amount_micros":4990000,"currency":"USD"',
] as const
const COUNTRIES = ['PT', 'US', 'DE', 'BR', 'JP'] as const

/** Batches of events that happen now, of one player each after the other, for so many connections. */
export function liveBatches(key: string): RequestSource {
  const seqs = new Uint32Array(PLAYERS)
  let made = 0
  const event = (): string => {
    made += 1
    const player = made % PLAYERS
    const seq = (seqs[player] ?? 0) + 1
    seqs[player] = seq
    const type = TYPES[made % TYPES.length]
    const country = COUNTRIES[player % COUNTRIES.length]
    return `{"event_id":"${randomUUID()}","occurred_at":"${new Date().toISOString()}","player_id":"player_${player}","platform":"ios","app_version":"1.4.2","country":"${country}","device_id":"device_${player}","seq":${seq},${type}}`
  }
  const head = `POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\nx-sdk: soak/1.0.0\r\n`
  return () => {
    const body = `{"events":[${Array.from({ length: BATCH_EVENTS }, event).join()}]}`
    return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  }
}
