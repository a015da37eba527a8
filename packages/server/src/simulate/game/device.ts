import { buffer } from 'node:stream/consumers'
import { createGzip } from 'node:zlib'
import { type Client, createClient, type Settings } from '@questline/sdk'
import type { Dice } from '../dice.ts'
import type { Member } from './cast.ts'
import type { GameTime } from './game-time.ts'
import type { Network } from './network.ts'
import type { PlannedEvent } from './planned-event.ts'
import type { DeviceCount, Verdicts } from './verdicts.ts'

export type DeviceParts = {
  readonly time: GameTime
  readonly dice: Dice
  readonly network: Network
  readonly verdicts: Verdicts
}

export type DeviceSettings = {
  readonly url: string
  readonly apiKey: string
  readonly app: string
  readonly sdk: Partial<Settings>
}

export type Device = {
  readonly count: DeviceCount
  /** Records an event as the game does. */
  play(event: PlannedEvent): void
  /**
   * The device's clock is set, now or as soon as nothing waits that says itself when it was: only the
   * age of an event survives that.
   */
  setClock(skewMs: number): void
  /** Has no connection until then, on the game's clock. */
  loseConnection(until: number): void
  /** Sends what waits. */
  flush(): Promise<boolean>
  close(): Promise<void>
  /** Events of which the SDK has told a final answer. */
  answered(): number
  /** Events of which it has not. */
  waiting(): number
}

/** An event that is recorded later than this after it happened says itself when it was. */
const PUNCTUAL_MS = 500

const NEW = { isAccepted: false, isAcknowledged: false, hasArrived: false }

/** One player's device with the SDK on it. */
export function createDevice(
  { time, dice, network, verdicts }: DeviceParts,
  member: Member,
  { url, apiKey, app, sdk }: DeviceSettings,
): Device {
  const count: DeviceCount = { version: member.appVersion, arrived: 0, highest: 0 }
  const state = { offlineUntil: 0, seq: 0, answered: 0, dropped: 0, skewMs: member.skewMs }
  const waiting = (): number => state.seq - state.answered - state.dropped
  /** Whether an event waits of which only its own time is known, by the clock as it is. */
  let isBound = false
  let nextSkewMs: number | null = null
  const turnClock = (): void => {
    if (waiting() === 0) isBound = false
    if (nextSkewMs === null || isBound) return
    state.skewMs = nextSkewMs
    nextSkewMs = null
  }
  /** While an event is recorded: what the device's clock shows. */
  let shown: number | null = null
  const client = createClient({
    ...{ url, apiKey, appId: app, playerId: member.id, settings: sdk },
    ...{ platform: member.platform, appVersion: member.appVersion },
    host: {
      now: () => shown ?? time.now() + state.skewMs,
      monotonic: time.monotonic,
      random: () => dice.between(0, 2 ** 32 - 1) / 2 ** 32,
      setTimer: time.setTimer,
      clearTimer: time.clearTimer,
      fetch: network.connect(state),
      // Every other device: the server must read both.
      compress: dice.chance(0.5) ? gzip : undefined,
      watch: () => () => undefined,
    },
  })
  const answered = (): void => {
    state.answered += 1
  }
  client.on('sent', answered)
  client.on('rejected', answered)
  client.on('dropped', ({ event_type, reason }) => {
    state.dropped += 1
    verdicts.blame(`the SDK gave up a ${event_type}: ${reason}`)
  })
  client.on('error', (error) => verdicts.blame(`the SDK tells an error: ${error.kind}`))

  return {
    count,
    play(event) {
      turnClock()
      state.seq += 1
      verdicts.track({ event, device: count, seq: state.seq, ...NEW })
      const isPunctual = !event.isLate && time.now() - event.at <= PUNCTUAL_MS
      isBound ||= !isPunctual
      shown = event.at + state.skewMs
      const said = isPunctual ? {} : { occurred_at: new Date(shown).toISOString() }
      record(client, event.type, { ...event.fields, ...said, event_id: event.id })
      shown = null
    },
    setClock(skewMs) {
      nextSkewMs = skewMs
      turnClock()
    },
    loseConnection(until) {
      state.offlineUntil = until
    },
    flush: () => client.flush(),
    close: () => client.shutdown(0),
    answered: () => state.answered,
    waiting,
  }
}

/** Games without types send what the types would not allow. */
function record(client: Client, type: string, fields: Readonly<Record<string, unknown>>): void {
  if (type === 'purchase') void client.purchase(fields as never)
  else if (type === 'install') void client.install(fields)
  else client.track(type as never, fields as never)
}

async function gzip(text: string): Promise<ArrayBuffer> {
  const stream = createGzip()
  stream.end(text)
  const packed = await buffer(stream)
  const bytes = new ArrayBuffer(packed.byteLength)
  new Uint8Array(bytes).set(packed)
  return bytes
}
