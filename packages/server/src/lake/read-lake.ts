import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type LakeEngine, parquet, withEngine } from './engine.ts'
import { ALL_TOPICS, filesOf, type Manifest, readManifest, TOPICS, type Topic } from './manifest.ts'
import { emptySelect, viewOf } from './topics.ts'

export type ReaderSettings = {
  readonly folder: string
  readonly memoryLimitMb: number
  readonly threads: number
  /** A folder of the caller's own, which it may spill into; removed afterwards. */
  readonly scratch: string
}

export type Lake = { readonly engine: LakeEngine; readonly manifest: Manifest }

/** A merge removes its parts when the manifest no longer lists them, which a reader may have read before. */
const ATTEMPTS = 3

/**
 * Opens the files that the manifest lists as the views `events_raw`, `events_enriched` and
 * `events_rejected`, from which nothing else can be reached. When files that were listed were merged
 * meanwhile, `work` is done again on what is listed now.
 */
export async function withLake<T>(
  settings: ReaderSettings,
  work: (lake: Lake) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const manifest = readManifest(settings.folder)
    try {
      return await open(settings, manifest, work)
    } catch (error) {
      if (attempt === ATTEMPTS || !isStale(settings.folder, manifest)) throw error
    } finally {
      rmSync(settings.scratch, { recursive: true, force: true })
    }
  }
}

/** Whether files that this manifest lists are gone because another one has taken its place. */
export const isStale = (folder: string, manifest: Manifest): boolean =>
  manifest.files.some(({ path }) => !existsSync(join(folder, path))) &&
  JSON.stringify(readManifest(folder)) !== JSON.stringify(manifest)

const open = <T>(
  { folder, memoryLimitMb, threads, scratch }: ReaderSettings,
  manifest: Manifest,
  work: (lake: Lake) => Promise<T>,
): Promise<T> => {
  const files = manifest.files.map(({ path }) => join(folder, path))
  return withEngine({ threads, memoryLimitMb, scratch, files }, async (engine) => {
    await engine.run(viewsOf(folder, manifest))
    return work({ engine, manifest })
  })
}

function viewsOf(folder: string, manifest: Manifest): string {
  const selectOf = (topic: Topic): string => {
    const files = filesOf(manifest, topic).map(({ path }) => join(folder, path))
    return files.length === 0 ? emptySelect(topic) : `SELECT * FROM ${parquet(files)}`
  }
  const { streams } = manifest
  // A lake that has never followed Kafka has the columns of the log alone.
  const topics = streams ? ALL_TOPICS : TOPICS
  const parts = topics.map((topic) => [partOf(topic), selectOf(topic)] as const)
  const views = TOPICS.map((topic) => {
    const kafka = streams ? ` UNION ALL BY NAME FROM ${partOf(OVER_KAFKA[topic])}` : ''
    return [viewOf(topic), `FROM ${partOf(topic)}${kafka}`] as const
  })
  const all = [...parts, ...views, ['further_users', furtherUsers(streams !== undefined)] as const]
  return all.map(([name, select]) => `CREATE VIEW ${name} AS ${select}`).join(';\n')
}

const partOf = (topic: Topic): string => `of_${viewOf(topic)}`

/** Where the same is that came over Kafka. */
const OVER_KAFKA = {
  'events-raw': 'kafka-raw',
  'events-enriched': 'kafka-enriched',
  'events-rejected': 'kafka-rejected',
} as const satisfies Record<(typeof TOPICS)[number], Topic>

const WHOSE = '"date", log_offset, kind, app, event_id, event_type, received_at, corrected_at'
const PLACES = 'user_id, country, country_code, platform'

/** Whom events make active beside the one who sent them, a row for each, wherever it was enriched. */
function furtherUsers(isOnKafka: boolean): string {
  const ofLog = `SELECT ${WHOSE}, u.id AS user_id, u.country, u.country_code, u.platform
    FROM (SELECT ${WHOSE}, unnest(further_users) AS u FROM ${partOf('events-enriched')}
      WHERE further_users IS NOT NULL)`
  if (!isOnKafka) return ofLog
  return `${ofLog} UNION ALL SELECT ${WHOSE}, ${PLACES} FROM ${partOf('kafka-sides')}`
}
