import { rmSync } from 'node:fs'
import type { LogPage, LogRecord } from '../log/log.ts'
import { filesWith } from './compare.ts'
import { loadDuckDb, withEngine } from './engine.ts'
import { LakeError, type Offsets, readManifest } from './manifest.ts'
import { plainValues } from './plain-value.ts'

export type RawSettings = {
  readonly folder: string
  readonly memoryLimitMb: number
  /** A folder of the caller's own. */
  readonly scratch: string
}

/** Offsets that are read at a time: opening files costs more than reading some thousand rows of them. */
const READ_OFFSETS = 50_000

type RawRow = LogRecord & { readonly text: string | null }

/**
 * The part of the log that has left its table, read from the lake, in the form of the log's own reader.
 * It remembers what it has read ahead, for one reader that goes forward.
 */
export function createRawPages({ folder, memoryLimitMb, scratch }: RawSettings) {
  let ahead: { readonly offsets: Offsets; readonly rows: readonly RawRow[] } | null = null

  const load = async (offsets: Offsets): Promise<readonly RawRow[]> => {
    const { first, last } = offsets
    if (ahead && ahead.offsets.first <= first && ahead.offsets.last >= last) {
      return ahead.rows.filter(({ offset }) => offset >= first && offset <= last)
    }
    const manifest = readManifest(folder)
    if (manifest.upto < last || manifest.from > first) {
      throw new LakeError(
        `the log has lost the events ${first} to ${last}: they have left its table, and the lake in ${folder} has those from ${manifest.from} to ${manifest.upto}`,
      )
    }
    const until = Math.max(last, Math.min(manifest.log_expired, first + READ_OFFSETS - 1))
    const wanted = { first, last: until }
    const rows = await readRows(filesWith(folder, manifest, 'events-raw', wanted), wanted)
    if (rows.length !== until - first + 1) {
      throw new LakeError(`the lake has ${rows.length} of the events ${first} to ${until}`)
    }
    ahead = { offsets: wanted, rows }
    return rows.slice(0, last - first + 1)
  }

  const readRows = (files: string, { first, last }: Offsets): Promise<readonly RawRow[]> =>
    withEngine({ threads: 1, memoryLimitMb, scratch, folders: [folder] }, async (engine) => {
      const reader = await engine.connection.runAndReadAll(
        `SELECT log_offset, kind, app, event_id, event_type, player_id, epoch_ms(occurred_at),
          epoch_ms(sent_at), epoch_ms(received_at), epoch_ms(corrected_at), flags, sdk, source, event
        FROM ${files} WHERE log_offset BETWEEN ${first} AND ${last} ORDER BY log_offset`,
      )
      const plain = plainValues(await loadDuckDb())
      return reader.getRows().map((row) => toRow(row.map(plain)))
    }).finally(() => rmSync(scratch, { recursive: true, force: true }))

  return {
    /** A page that begins after an offset and ends at another one. */
    async page(after: number, last: number): Promise<LogPage> {
      const rows = await load({ first: after + 1, last })
      return { first: after + 1, last, records: rows.map(({ text: _text, ...record }) => record) }
    },
    /** The events from `first` to `last` as they were sent, byte for byte, by their offsets. */
    async rawEvents(first: number, last: number): Promise<ReadonlyMap<number, Buffer>> {
      const rows = await load({ first, last })
      return new Map(rows.map(({ offset, text }) => [offset, Buffer.from(text ?? '')]))
    },
  }
}

export type RawPages = ReturnType<typeof createRawPages>

function toRow(values: readonly unknown[]): RawRow {
  const [offset, kind, app, eventId, eventType, playerId, ...rest] = values
  const [occurredAt, sentAt, receivedAt, correctedAt, flags, sdk, source, text] = rest
  const textOrNull = (value: unknown) => (typeof value === 'string' ? value : null)
  const json = textOrNull(text)
  return {
    offset: Number(offset),
    kind: kind === 'free' || kind === 'server' ? kind : 'game',
    app: String(app),
    eventId: textOrNull(eventId),
    eventType: String(eventType),
    playerId: textOrNull(playerId),
    occurredAt: Number(occurredAt),
    sentAt: sentAt === null ? null : Number(sentAt),
    receivedAt: Number(receivedAt),
    correctedAt: Number(correctedAt),
    flags: Array.isArray(flags) ? flags.map(String) : [],
    sdk: textOrNull(sdk),
    source: String(source),
    event: json === null ? null : parsedOrText(json),
    text: json,
  }
}

function parsedOrText(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return json
  }
}
