import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { putInPlace } from './durable-files.ts'
import type { LakeEngine } from './engine.ts'
import { text } from './literals.ts'
import type { LakeFile, Offsets, Topic } from './manifest.ts'
import type { Source } from './sources.ts'
import { stageRows } from './staged-rows.ts'
import { emptySelect, typedSelect } from './topics.ts'

/** Where files are written before they appear. What a dead process left there is removed. */
export const asideFolder = (folder: string): string => join(folder, '.aside')

export const pathOf = (topic: Topic, date: string, { first, last }: Offsets): string =>
  `${topic}/date=${date}/${first}-${last}.parquet`

/**
 * Writes the events of a batch, a file for each day, and tells what is in them. Whoever does it again
 * writes the same files under the same names.
 */
export async function writeTopic(
  engine: LakeEngine,
  folder: string,
  topic: Topic,
  source: Source,
  offsets: Offsets,
  onFile: (path: string) => void,
): Promise<readonly LakeFile[]> {
  const staged = await stageRows(engine.scratch, source(offsets))
  const files: LakeFile[] = []
  for (const { date, rows, table, remove } of staged) {
    const path = pathOf(topic, date, offsets)
    const shape = await writeFile(engine, folder, path, typedSelect(topic, table))
    remove()
    onFile(path)
    const received_max = await newestIn(engine, join(folder, path), rows)
    files.push({ topic, path, date, ...offsets, rows, ...shape, received_max, level: 0 })
  }
  return files
}

/** Reads the file that is now in its place. */
async function newestIn(engine: LakeEngine, path: string, expected: number): Promise<number> {
  const [row] = await engine.rows(
    `SELECT count(*) AS rows, max(epoch_ms(received_at)) AS newest FROM read_parquet(${text(path)})`,
  )
  if (Number(row?.['rows']) !== expected) {
    throw new Error(`${path} has ${row?.['rows']} rows and not ${expected}`)
  }
  return Number(row?.['newest'])
}

/** Loads the typed rows of a topic into the table `typed`, to compare them. */
export async function stageTopic(
  engine: LakeEngine,
  topic: Topic,
  source: Source,
  offsets: Offsets,
): Promise<void> {
  const none = `SELECT * EXCLUDE ("date") FROM (${emptySelect(topic)})`
  await engine.run(`CREATE OR REPLACE TABLE typed AS ${none}`)
  for (const { table, remove } of await stageRows(engine.scratch, source(offsets))) {
    await engine.run(`INSERT INTO typed ${typedSelect(topic, table)}`)
    remove()
  }
}

/**
 * A row group is in memory while it is written: with the usual 122,880 rows that is 190 MB more, and
 * the files are no smaller.
 */
const FORMAT = 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480'

/** Writes what `select` gives, in its order, and puts it in its place. */
export async function writeFile(
  engine: LakeEngine,
  folder: string,
  path: string,
  select: string,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const aside = join(asideFolder(folder), path.replaceAll('/', '-'))
  await engine.run(`COPY (${select}) TO ${text(aside)} (${FORMAT})`)
  const shape = { bytes: statSync(aside).size, sha256: await sha256Of(aside) }
  putInPlace(aside, join(folder, path))
  return shape
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1_048_576 }), hash)
  return hash.digest('hex')
}
