import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Read } from '../store/store.ts'
import { differences } from './compare.ts'
import { list } from './literals.ts'
import {
  ALL_TOPICS,
  filesOf,
  type LakeFile,
  type Manifest,
  readManifest,
  TOPICS,
} from './manifest.ts'
import { isStale, type Lake, type ReaderSettings, withLake } from './read-lake.ts'
import { rawSource } from './sources.ts'
import { viewOf } from './topics.ts'
import { parquetFiles } from './write-batch.ts'
import { sha256Of } from './write-files.ts'

export type Verification = {
  readonly ok: boolean
  /** One sentence each; at most some of every kind. */
  readonly faults: readonly string[]
  readonly checked: {
    readonly files: number
    readonly rows: number
    /** Offsets that are still in the log's table and were compared with the files. */
    readonly compared: number
    /** The newest offset in the lake. */
    readonly upto: number
  }
  /** Files that the manifest does not list: what a process that died has left. No fault. */
  readonly strays: number
}

const SHOWN_MAX = 5
const COMPARED_OFFSETS = 100_000

/**
 * Whether every offset is in the lake exactly once, the files are those that were written, and what the
 * log's table still holds is the same there. Reads every file.
 */
export async function verifyLake(readBooks: Read, settings: ReaderSettings): Promise<Verification> {
  const { folder } = settings
  for (;;) {
    const manifest = readManifest(folder)
    const broken = await fileFaults(folder, manifest)
    if (broken.length > 0 && isStale(folder, manifest)) continue
    // What cannot be read cannot be counted.
    if (broken.length > 0) return verification(folder, manifest, broken, 0)
    return withLake(settings, async (lake) => {
      const faults = await rowFaults(lake, folder)
      const contents = await contentFaults(lake, readBooks, folder)
      return verification(folder, lake.manifest, [...faults, ...contents.faults], contents.compared)
    })
  }
}

function verification(
  folder: string,
  { files, upto }: Manifest,
  faults: readonly string[],
  compared: number,
): Verification {
  const listed = new Set(files.map(({ path }) => path))
  const rows = files.reduce((sum, file) => sum + file.rows, 0)
  const strays = parquetFiles(folder).filter((path) => !listed.has(path)).length
  const checked = { files: files.length, rows, compared, upto }
  return { ok: faults.length === 0, faults, checked, strays }
}

async function fileFaults(folder: string, { files }: Manifest): Promise<string[]> {
  const faults: string[] = []
  for (const file of files) {
    const fault = await fileFault(folder, file)
    if (fault) faults.push(`${file.path} ${fault}`)
  }
  return faults
}

async function rowFaults({ engine, manifest }: Lake, folder: string): Promise<string[]> {
  const faults: string[] = []
  for (const topic of ALL_TOPICS) {
    const files = filesOf(manifest, topic)
    if (files.length === 0) continue
    const paths = list(files.map(({ path }) => join(folder, path)))
    const rows = await engine.rows(
      `SELECT file_name AS path, num_rows AS rows FROM parquet_file_metadata([${paths}])`,
    )
    const counts = new Map(rows.map((row) => [String(row['path']), Number(row['rows'])]))
    for (const { path, rows: expected } of files) {
      const found = counts.get(join(folder, path))
      if (found !== expected) faults.push(`${path} has ${found} rows and not ${expected}`)
    }
  }
  return faults
}

async function fileFault(
  folder: string,
  { path, bytes, sha256 }: LakeFile,
): Promise<string | null> {
  const whole = join(folder, path)
  if (!existsSync(whole)) return 'is missing'
  const { size } = statSync(whole)
  if (size !== bytes) return `has ${size} bytes and not ${bytes}`
  return (await sha256Of(whole)) === sha256 ? null : 'is not what was written: its SHA-256 differs'
}

async function contentFaults(lake: Lake, readBooks: Read, folder: string) {
  const { engine, manifest } = lake
  const { from, upto } = manifest
  const faults: string[] = []
  for (const { name, sql } of checksOf(manifest)) {
    const rows = await engine.rows(`${sql} LIMIT ${SHOWN_MAX + 1}`)
    for (const row of rows.slice(0, SHOWN_MAX)) {
      const { log_offset: offset, place } = row
      faults.push(place === undefined ? `offset ${offset} ${name}` : `${place} ${name}`)
    }
    if (rows.length > SHOWN_MAX) faults.push(`and more of those: ${name}`)
  }
  const source = rawSource(readBooks)
  let compared = 0
  for (let first = Math.max(from, manifest.log_expired + 1); first <= upto; ) {
    const last = Math.min(upto, first + COMPARED_OFFSETS - 1)
    const wrong = await differences(
      engine,
      ...([{ folder, manifest }, 'events-raw' as const, source, { first, last }] as const),
    )
    if (wrong > 0)
      faults.push(`${wrong} offsets from ${first} to ${last} are not what the log says`)
    compared += last - first + 1
    first = last + 1
  }
  return { faults, compared }
}

/** Each finds offsets that break a rule, or names places on Kafka. */
function checksOf({ from, upto, streams }: Manifest) {
  const kept = `log_offset BETWEEN ${from} AND ${upto}`
  return [
    {
      name: 'is not in events-raw',
      sql: `SELECT range AS log_offset FROM range(${from}, ${upto + 1}) ANTI JOIN events_raw ON range = log_offset`,
    },
    ...TOPICS.map((topic) => ({
      name: `is more than once in ${topic}`,
      sql: `SELECT log_offset FROM ${viewOf(topic)} WHERE log_offset IS NOT NULL
        GROUP BY log_offset HAVING count(*) > 1`,
    })),
    {
      name: 'is both in events-enriched and in events-rejected',
      sql: `SELECT log_offset FROM events_enriched SEMI JOIN events_rejected USING (log_offset)`,
    },
    {
      name: 'is neither in events-enriched nor in events-rejected',
      // Postbacks are the other side of reconciliation; a replay that came too late changes nothing.
      sql: `SELECT log_offset FROM (FROM events_raw WHERE ${kept} AND ${judged(streams)}
          AND NOT (kind = 'server'
          AND (starts_with(lower(event_type), 'af_') OR event_type = 'event_replay')))
        ANTI JOIN events_enriched USING (log_offset) ANTI JOIN events_rejected USING (log_offset)`,
    },
    ...(['events_enriched', 'events_rejected'] as const).map((view) => ({
      name: `is in ${view.replace('_', '-')} and not in events-raw`,
      sql: `SELECT log_offset FROM ${view} ANTI JOIN events_raw USING (log_offset) WHERE ${kept}`,
    })),
    ...(streams ? CHECKS_OF_KAFKA : []),
  ]
}

/** Events that quality must have been through. On Kafka it is behind the log, and heartbeats say how far. */
function judged(streams: Manifest['streams']): string {
  if (!streams) return 'true'
  const { after, from_ms: from, settled_ms: settled } = streams
  return `(log_offset <= ${after}
    OR epoch_ms(received_at) >= ${from} AND epoch_ms(received_at) < ${settled ?? 0})`
}

/** What the views do not show apart. */
const CHECKS_OF_KAFKA = [
  { name: 'is more than once in kafka-raw', from: 'of_kafka_raw', key: 'position' },
  {
    name: 'is more than once in kafka-enriched',
    from: 'of_kafka_enriched',
    key: `concat_ws(' ', app, kind, event_type, coalesce(event_id, 'offset ' || log_offset))`,
  },
  {
    name: 'is more than once in kafka-sides',
    from: 'of_kafka_sides',
    key: `concat_ws(' ', app, part, coalesce(event_id, 'offset ' || log_offset))`,
  },
].map(({ name, from, key }) => ({
  name,
  sql: `SELECT ${key} AS place FROM ${from} GROUP BY ${key} HAVING count(*) > 1`,
}))
