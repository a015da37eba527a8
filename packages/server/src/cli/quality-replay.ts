import { readFile } from 'node:fs/promises'
import { createIngest } from '../ingest/ingest.ts'
import { createLog, findRefused, markRefusedReplayed } from '../log/log.ts'
import { findRejected, judgeReplay, REPLAY_EVENT_TYPE } from '../quality/quality.ts'
import { CommandFailure } from './command-failure.ts'
import { parseId } from './quality-refusals.ts'
import type { OpenedAnalytics } from './with-analytics.ts'

export type Replayed = {
  readonly id: string
  readonly outcome: 'replayed' | 'was-replayed'
  readonly event_id: string | null
}

type Fix = { readonly set: readonly string[]; readonly file: string | null }

/** @throws CommandFailure when it would be refused again */
export async function replayRefusal(
  opened: OpenedAnalytics,
  id: string,
  fix: Fix,
): Promise<Replayed> {
  const { kind, number } = parseId(id)
  return kind === 'd' ? replayAtDoor(opened, id, number, fix) : replayInLog(opened, id, number, fix)
}

/** The log gets an event that says what takes the refused one's place; its key makes it one. */
async function replayInLog(
  { store, writer, analytics, clock, rules }: OpenedAnalytics,
  id: string,
  offset: number,
  fix: Fix,
): Promise<Replayed> {
  const rejected = await findRejected(analytics.read, offset)
  if (!rejected) throw noSuch(id)
  const { eventId: event_id } = rejected
  if (rejected.replayedOffset !== null) return { id, outcome: 'was-replayed', event_id }
  const event = await fixed(rejected.raw, fix)
  const refusal = judgeReplay(rejected, event, rules)
  if (refusal !== null) throw refusedAgain(id, refusal.reason, refusal.path)
  const payload = JSON.stringify({ of: offset, event })
  const now = clock.now()
  const recorded = await createLog({ store, writer }).record({
    ...{ app: rejected.app, eventType: REPLAY_EVENT_TYPE, playerId: null },
    ...{ occurredAt: now, receivedAt: now, payload, mustExist: false },
    intent: { scope: `${REPLAY_EVENT_TYPE} ${offset}`, fingerprint: '', requestId: '' },
  })
  if (recorded.kind !== 'recorded') throw new Error(`the replay was not recorded: ${recorded.kind}`)
  return { id, outcome: recorded.replayed ? 'was-replayed' : 'replayed', event_id }
}

/** Through the door once more, which knows each id once. */
async function replayAtDoor(
  { store, writer, config, clock }: OpenedAnalytics,
  id: string,
  number: number,
  fix: Fix,
): Promise<Replayed> {
  const refused = await findRefused(store.read, number)
  if (!refused) throw noSuch(id)
  if (refused.status === 'replayed') {
    return { id, outcome: 'was-replayed', event_id: refused.eventId }
  }
  const event = await fixed(refused.raw, fix)
  const text = JSON.stringify(event)
  const arrival = {
    ...{ app: refused.app, requestId: refused.requestId, sdk: refused.sdk },
    ...{ sentAt: null, receivedAt: clock.now(), monotonic: null },
  }
  const ingest = createIngest({ writer }, config.ingest)
  const [verdict] = await ingest.batch(arrival, { events: [event] }, `{"events":[${text}]}`)
  if (verdict?.status !== 'accepted' && verdict?.status !== 'duplicate') {
    throw refusedAgain(id, verdict?.code ?? 'unknown', verdict?.path ?? null)
  }
  await store.transaction((tx) => markRefusedReplayed(tx, number))
  const outcome = verdict.status === 'accepted' ? 'replayed' : 'was-replayed'
  return { id, outcome, event_id: verdict.event_id }
}

const noSuch = (id: string): CommandFailure =>
  new CommandFailure(1, `there is no refused event ${id}: \`questline quality list\` shows them`)

const refusedAgain = (id: string, reason: string, path: string | null): CommandFailure =>
  new CommandFailure(
    1,
    `${id} would be refused again: ${reason}${path ? ` at ${path}` : ''}. Nothing has changed; put it right with --set or --file.`,
  )

/** The event as it should be: of the file, else as it came, with the changes. */
async function fixed(raw: Uint8Array, { set, file }: Fix): Promise<unknown> {
  const event = file === null ? parsedRaw(raw) : await parsedFile(file)
  for (const change of set) apply(event, change)
  return event
}

function parsedRaw(raw: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(raw).toString('utf8'))
  } catch {
    throw new CommandFailure(1, 'its bytes are no JSON: give the whole event with --file')
  }
}

async function parsedFile(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new CommandFailure(2, `${file}: ${error instanceof Error ? error.message : error}`)
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function apply(event: unknown, change: string): void {
  const at = change.indexOf('=')
  if (at < 1) throw new CommandFailure(2, `--set takes path=value, not "${change}"`)
  const path = change.slice(0, at).split('.')
  const name = path.pop() ?? ''
  let holder = event
  for (const part of path)
    holder = isObject(holder) && Object.hasOwn(holder, part) ? holder[part] : null
  if (!isObject(holder) || name === '__proto__') {
    throw new CommandFailure(2, `the event has no place for ${change.slice(0, at)}`)
  }
  holder[name] = fieldValue(change.slice(at + 1))
}

/** JSON, or else the text itself. */
function fieldValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
