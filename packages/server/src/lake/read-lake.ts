import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type LakeEngine, parquet, withEngine } from './engine.ts'
import { filesOf, type Manifest, readManifest, TOPICS } from './manifest.ts'
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
  const views = TOPICS.map((topic) => {
    const files = filesOf(manifest, topic).map(({ path }) => join(folder, path))
    const select = files.length === 0 ? emptySelect(topic) : `SELECT * FROM ${parquet(files)}`
    return `CREATE VIEW ${viewOf(topic)} AS ${select}`
  })
  return views.join(';\n')
}
