// Holds the rows of the books against the journal: what was acknowledged is there once, what was
// refused is not there, what is open is there at most once, and nothing is there that nobody sent.
import { readBatches } from '../game-events-invariants.ts'
import { openPlainSql, type SqlRow } from '../plain-sql.ts'
import { fieldsOf } from './client.ts'
import type { EffectKind, Entry, Journal } from './journal.ts'

type Shown = Exclude<EffectKind, 'session'>
type Listed = Exclude<Shown, 'batch'>
type Effect = { readonly id: string; readonly row: SqlRow }

const QUERIES: Readonly<Record<Listed, string>> = {
  entry:
    'SELECT reason AS id, player_id, kind, amount, balance_after, key_scope FROM ledger_entries',
  event:
    "SELECT payload AS id, log_offset, player_id, key_scope FROM event_log WHERE event_type = 'level_up'",
  deeplink: "SELECT payload AS id FROM event_log WHERE event_type = 'deeplink_open'",
  postback: 'SELECT payload AS id, postback_id, verified FROM raw_postbacks',
  guest: 'SELECT player_id AS id FROM players WHERE username IS NULL',
  member: 'SELECT username AS id, player_id FROM players WHERE username IS NOT NULL',
}

/** Writes that wait for an answer and will be repeated: whether the books have them by now. */
export type Unanswered = { readonly there: number; readonly absent: number }

/** @param isFinal nothing may be open any more but what cannot be repeated */
export async function readEffects(
  url: string,
  journal: Journal,
  isFinal: boolean,
): Promise<{ readonly violations: readonly string[]; readonly unanswered: Unanswered }> {
  const effects = await rowsByKind(url)
  const violations: string[] = []
  const unanswered = { there: 0, absent: 0 }
  for (const entry of journal.entries) {
    if (entry.effect === 'session' || entry.sent === 0) continue
    const rows = effects[entry.effect].get(entry.id) ?? []
    effects[entry.effect].delete(entry.id)
    violations.push(...faultsOf(entry, rows))
    if (entry.verdict !== 'open' || !entry.repeatable) continue
    unanswered[rows.length > 0 ? 'there' : 'absent'] += 1
    if (isFinal) violations.push(`${entry.id} is still open`)
  }
  for (const [kind, rest] of Object.entries(effects)) {
    for (const id of rest.keys()) violations.push(`${kind} ${id} was never sent`)
  }
  return { violations, unanswered }
}

async function rowsByKind(url: string): Promise<Record<Shown, Map<string, SqlRow[]>>> {
  const sql = await openPlainSql(url)
  const read = async (kind: Listed) => grouped((await sql.rows(QUERIES[kind])).map(named))
  try {
    return {
      entry: await read('entry'),
      event: await read('event'),
      deeplink: await read('deeplink'),
      postback: await read('postback'),
      guest: await read('guest'),
      member: await read('member'),
      batch: grouped(batchesIn(await readBatches(sql))),
    }
  } finally {
    await sql.close()
  }
}

/** The events of a batch count as one: whole under its id, under another where some are missing or there twice. */
function batchesIn(rows: Awaited<ReturnType<typeof readBatches>>): Effect[] {
  const events = rows.flatMap((row) => row.events)
  const marks = Map.groupBy(events, ({ event }) => String(event.properties?.['mark']))
  return [...marks].map(([mark, all]) => {
    const isWhole = all.length === Number(mark.split('/')[1])
    return { id: isWhole ? mark : `${mark} in ${all.length} parts`, row: {} }
  })
}

/** The id that the client gave: the whole text, or a field of the JSON that holds it. */
function named(row: SqlRow): Effect {
  const text = String(row['id'])
  const mark = /"(?:mark|campaign)":"([^"]+)"/.exec(text)?.[1]
  return { id: mark ?? text, row }
}

function grouped(effects: readonly Effect[]): Map<string, SqlRow[]> {
  const groups = new Map<string, SqlRow[]>()
  for (const { id, row } of effects) groups.set(id, [...(groups.get(id) ?? []), row])
  return groups
}

function* faultsOf(entry: Entry, rows: readonly SqlRow[]): Generator<string> {
  const { id, verdict } = entry
  const [row] = rows
  if (rows.length > 1) yield `${id} was sent ${entry.sent} times and is there ${rows.length} times`
  if (verdict === 'done' && row === undefined) yield `${id} was acknowledged and is lost`
  if (verdict === 'refused' && row !== undefined) yield `${id} was refused and is there`
  if (verdict === 'done' && row !== undefined) yield* differences(entry, row)
}

/** What the answer said and the row does not. */
function* differences({ id, effect, request, answer }: Entry, row: SqlRow): Generator<string> {
  const fields = fieldsOf(answer)
  const expect = function* (column: string, expected: unknown): Generator<string> {
    const stored = row[column]
    if (String(stored) === String(expected)) return
    yield `${id} was answered ${answer?.body}, its ${column} is ${stored}`
  }
  const key = request.headers['idempotency-key']
  if (key !== undefined && !String(row['key_scope']).startsWith(`${key}\n`)) {
    yield `${id} came with the key ${key}, it is stored under ${JSON.stringify(row['key_scope'])}`
  }
  if (effect === 'entry') {
    const amount = Number(fields['adjustment'] ?? fields['amount'])
    yield* expect('amount', row['kind'] === 'spend' ? -amount : amount)
    yield* expect('balance_after', fields['balance'])
    yield* expect('player_id', fields['userId'])
  }
  if (effect === 'event') yield* expect('log_offset', fields['eventId'])
  if (effect === 'postback') {
    yield* expect('postback_id', fields['postbackId'])
    yield* expect('verified', 1)
  }
}
