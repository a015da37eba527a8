import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { putInPlace } from './durable-files.ts'
import type { LakeEngine } from './engine.ts'
import { text } from './literals.ts'
import type { LakeFile, Offsets, Topic } from './manifest.ts'
import type { Source } from './sources.ts'
import { typedSelect } from './topics.ts'

/** Where files are written before they appear. What a dead process left there is removed. */
export const asideFolder = (folder: string): string => join(folder, '.aside')

export const pathOf = (topic: Topic, date: string, { first, last }: Offsets): string =>
  `${topic}/date=${date}/${first}-${last}.parquet`

/** Rows gathered before they get their types. */
const STAGED_ROWS = 20_000

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
  await fill(engine, topic, source(offsets))
  try {
    const files: LakeFile[] = []
    for (const row of await engine.rows(DAYS)) {
      const date = String(row['date'])
      const path = pathOf(topic, date, offsets)
      const select = `SELECT * FROM typed WHERE ${DAY} = ${text(date)}`
      const shape = await writeFile(engine, folder, path, select)
      onFile(path)
      const rows = Number(row['rows'])
      const received = Number(row['received_max'])
      files.push({
        topic,
        path,
        date,
        ...offsets,
        rows,
        ...shape,
        received_max: received,
        level: 0,
      })
    }
    return files
  } finally {
    await engine.run('DROP TABLE typed')
  }
}

const DAY = "strftime(corrected_at, '%Y-%m-%d')"
const DAYS = `SELECT ${DAY} AS date, count(*) AS rows, max(epoch_ms(received_at)) AS received_max
  FROM typed GROUP BY 1 ORDER BY 1`

async function fill(
  engine: LakeEngine,
  topic: Topic,
  pages: AsyncIterable<readonly (readonly (string | null)[])[]>,
): Promise<void> {
  await engine.run('CREATE OR REPLACE TABLE staged (head VARCHAR, event VARCHAR)')
  await engine.run(`CREATE OR REPLACE TABLE typed AS ${typedSelect(topic, 'staged')}`)
  let staged = 0
  const flush = async (): Promise<void> => {
    if (staged === 0) return
    await engine.run(`INSERT INTO typed ${typedSelect(topic, 'staged')}; TRUNCATE staged`)
    staged = 0
  }
  for await (const rows of pages) {
    await engine.append('staged', 2, rows)
    staged += rows.length
    if (staged >= STAGED_ROWS) await flush()
  }
  await flush()
}

/** Loads the typed rows of a topic into the table `typed`, to compare them. */
export const stageTopic = (
  engine: LakeEngine,
  topic: Topic,
  source: Source,
  offsets: Offsets,
): Promise<void> => fill(engine, topic, source(offsets))

/** Writes what `select` gives, in its order, and puts it in its place. */
export async function writeFile(
  engine: LakeEngine,
  folder: string,
  path: string,
  select: string,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const aside = join(asideFolder(folder), path.replaceAll('/', '-'))
  await engine.run(`COPY (${select}) TO ${text(aside)} (FORMAT parquet, COMPRESSION zstd)`)
  const shape = { bytes: statSync(aside).size, sha256: await sha256Of(aside) }
  putInPlace(aside, join(folder, path))
  return shape
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1_048_576 }), hash)
  return hash.digest('hex')
}
