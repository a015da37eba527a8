import { join } from 'node:path'
import { type LakeEngine, parquet } from './engine.ts'
import { filesOf, type Manifest, type Offsets, type Topic } from './manifest.ts'
import type { Source } from './sources.ts'
import { emptySelect } from './topics.ts'
import { stageTopic } from './write-files.ts'

/** The files of a topic that may hold these offsets, as a table expression. */
export function filesWith(
  folder: string,
  manifest: Manifest,
  topic: Topic,
  { first, last }: Offsets,
): string {
  const files = filesOf(manifest, topic).filter((file) => file.last >= first && file.first <= last)
  if (files.length === 0) return `(${emptySelect(topic)})`
  return parquet(files.map(({ path }) => join(folder, path)))
}

/** How many of the offsets are missing in the lake, twice there, or not what their source says. */
export async function differences(
  engine: LakeEngine,
  { folder, manifest }: { readonly folder: string; readonly manifest: Manifest },
  topic: Topic,
  source: Source,
  offsets: Offsets,
): Promise<number> {
  await stageTopic(engine, topic, source, offsets)
  try {
    const files = filesWith(folder, manifest, topic, offsets)
    const [row] = await engine.rows(`
      WITH stored AS (SELECT * EXCLUDE ("date") FROM ${files}
          WHERE log_offset BETWEEN ${offsets.first} AND ${offsets.last}),
        -- A row that is the same on both sides, once on each, is one group of two.
        sides AS (SELECT 1 AS side, t AS event FROM typed t UNION ALL SELECT 2, s FROM stored s)
      SELECT count(DISTINCT event.log_offset) AS n FROM (
        SELECT event FROM sides GROUP BY event HAVING count(*) <> 2 OR min(side) = max(side))`)
    return Number(row?.['n'])
  } finally {
    await engine.run('DROP TABLE typed')
  }
}
