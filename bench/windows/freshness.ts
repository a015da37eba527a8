import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Lab } from '../harness/harness.ts'
import { eventOf } from './made-up-events.ts'

const EVENTS_PER_SECOND = 1_000
const BATCH = 50
const SECONDS = 15
/** Not counted: compilers, caches and the thread of the consumers begin. */
const FIRST_SECONDS = 4
const KEY = 'an-ingest-key-of-the-benchmark-and-of-nothing-else'

type Moment = { readonly atMs: number; readonly events: number }

/** From the answer to a batch until a reader of the minutes finds all of its events, in milliseconds. */
export async function measureFreshness(lab: Lab): Promise<readonly number[]> {
  await using server = await lab.startServer('live numbers', {
    EVENT_API_KEY: KEY,
    EVENT_API_APP: 'game',
  })
  const url = `http://127.0.0.1:${server.port}`
  const accepted: Moment[] = []
  const shown: Moment[] = []
  let isSending = true
  const operator = await operatorKey(server.dataDir)
  const watch = async (): Promise<void> => {
    while (isSending || (shown.at(-1)?.events ?? 0) < (accepted.at(-1)?.events ?? 0)) {
      shown.push({ events: await countOf(url, operator), atMs: performance.now() })
      await sleep(20)
    }
  }
  const play = async (): Promise<void> => {
    const begin = performance.now()
    for (let sent = 0; sent < EVENTS_PER_SECOND * (FIRST_SECONDS + SECONDS); sent += BATCH) {
      await sleep(Math.max(0, begin + (sent / EVENTS_PER_SECOND) * 1_000 - performance.now()))
      await send(url, sent)
      accepted.push({ atMs: performance.now(), events: sent + BATCH })
    }
    isSending = false
  }
  await Promise.all([play(), watch()])
  return accepted.slice((EVENTS_PER_SECOND * FIRST_SECONDS) / BATCH).map(({ atMs, events }) => {
    const visible = shown.find((each) => each.events >= events)
    if (!visible) throw new Error(`${events} events were accepted and never shown`)
    return Math.max(0, visible.atMs - atMs)
  })
}

const CLI = join(import.meta.dirname, '../../packages/server/src/cli.ts')

/** Made by our own command beside the server. */
async function operatorKey(dataDir: string): Promise<string> {
  const words = ['--disable-proto=delete', CLI, 'keys', 'create', '--scope', 'operator', '--json']
  const env = { PATH: process.env['PATH'], DATA_DIR: dataDir, LOG_LEVEL: 'error' }
  const { stdout } = await promisify(execFile)(process.execPath, words, { env, cwd: dataDir })
  return (JSON.parse(stdout) as { readonly key: string }).key
}

async function countOf(url: string, operator: string): Promise<number> {
  const path = '/v1/kpi/days?metric=events_by_type'
  const answer = await fetch(url + path, { headers: { authorization: `Bearer ${operator}` } })
  if (!answer.ok) throw new Error(`the numbers cannot be read: ${await answer.text()}`)
  const { days } = (await answer.json()) as {
    readonly days: readonly { readonly events_by_type: readonly { readonly count: number }[] }[]
  }
  return days.flatMap((day) => day.events_by_type).reduce((sum, { count }) => sum + count, 0)
}

async function send(url: string, first: number): Promise<void> {
  const events = Array.from({ length: BATCH }, (_, index) => {
    const { type, player, fields } = eventOf(first + index, { begin: 0, session: first })
    const occurred_at = new Date().toISOString()
    return { event_id: randomUUID(), event_type: type, player_id: player, occurred_at, ...fields }
  })
  const answer = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ events }),
  })
  const text = await answer.text()
  if (!answer.ok || text.split('"accepted"').length !== BATCH + 1) {
    throw new Error(`a batch was not accepted: ${text.slice(0, 500)}`)
  }
}
