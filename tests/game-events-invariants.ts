// What must be true of game events at rest, computed anew from the rows.
import { zstdDecompressSync } from 'node:zlib'
import type { PlainSql, SqlRow } from './plain-sql.ts'

type Stored = {
  readonly offset: number
  readonly app: string
  readonly event_id: string
  readonly received_at: number
  readonly event: { readonly properties?: Readonly<Record<string, unknown>> }
}

const MINUTE_MS = 60_000

/** The events of all batches, and the range of offsets that each row claims. */
export async function readBatches(sql: PlainSql) {
  const rows = await sql.rows('SELECT * FROM event_batches ORDER BY last_offset')
  return rows.map((row) => ({
    first: Number(row['first_offset']),
    last: Number(row['last_offset']),
    events: storedEvents(row['payload'] as Uint8Array),
  }))
}

export function storedEvents(payload: Uint8Array): readonly Stored[] {
  const bytes = Buffer.from(payload)
  const text = bytes.readUInt8(0) === 0x7b ? bytes : zstdDecompressSync(bytes)
  return JSON.parse(`[${text}]`)
}

/** Everything that is wrong with them, one sentence each. */
export async function gameEventViolations(sql: PlainSql): Promise<string[]> {
  const batches = await readBatches(sql)
  const events = batches.flatMap((batch) => batch.events)
  const ids = await sql.rows('SELECT * FROM event_ids')
  const arrivals = await sql.rows('SELECT * FROM arrivals')
  const refused = await sql.rows('SELECT app, reason, received_at FROM refused_events')
  return [
    ...batches.flatMap(rangeViolations),
    ...idViolations(events, ids),
    ...arrivalViolations(events, refused, arrivals),
  ]
}

function rangeViolations({ first, last, events }: Awaited<ReturnType<typeof readBatches>>[number]) {
  const offsets = events.map(({ offset }) => offset).join()
  const claimed = Array.from({ length: last - first + 1 }, (_, i) => first + i).join()
  return offsets === claimed ? [] : [`batch ${first} to ${last} holds ${offsets}`]
}

/** The index holds exactly the events of the log, each once. */
function idViolations(events: readonly Stored[], ids: readonly SqlRow[]): string[] {
  const indexed = new Map(
    ids.map((row) => [
      `${Buffer.from(row['event_id'] as Uint8Array).toString('hex')} of ${row['app']}`,
      Number(row['log_offset']),
    ]),
  )
  const found: string[] = []
  const seen = new Set<string>()
  for (const { app, event_id, offset } of events) {
    const id = `${event_id.replaceAll('-', '')} of ${app}`
    if (seen.has(id)) found.push(`event ${id} is in the log twice`)
    seen.add(id)
    if (indexed.get(id) !== offset) found.push(`event ${id} is ${offset}, not ${indexed.get(id)}`)
    indexed.delete(id)
  }
  for (const id of indexed.keys()) found.push(`event ${id} is in the index and not in the log`)
  return found
}

/** What is counted is what is there. Duplicates leave nothing but their count. */
function arrivalViolations(
  events: readonly Stored[],
  refused: readonly SqlRow[],
  arrivals: readonly SqlRow[],
): string[] {
  const there = new Map<string, { accepted: number; conflicts: number; rejected: number }>()
  const at = (app: unknown, receivedAt: unknown) => {
    const key = `${app} in minute ${Math.floor(Number(receivedAt) / MINUTE_MS) * MINUTE_MS}`
    const counts = there.get(key) ?? { accepted: 0, conflicts: 0, rejected: 0 }
    there.set(key, counts)
    return counts
  }
  for (const { app, received_at } of events) at(app, received_at).accepted += 1
  for (const { app, reason, received_at } of refused) {
    at(app, received_at)[String(reason).endsWith('-conflict') ? 'conflicts' : 'rejected'] += 1
  }
  const found: string[] = []
  for (const row of arrivals) {
    const key = `${row['app']} in minute ${row['minute']}`
    const real = there.get(key) ?? { accepted: 0, conflicts: 0, rejected: 0 }
    there.delete(key)
    for (const kind of ['accepted', 'conflicts', 'rejected'] as const) {
      const kept = Number(row[kind])
      if (kept !== real[kind]) found.push(`${key}: ${kept} ${kind} counted, ${real[kind]} there`)
    }
  }
  for (const key of there.keys()) found.push(`${key}: none counted`)
  return found
}
