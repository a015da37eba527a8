import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** What is known of the job of minutes when Flink knows nothing of it any more. */
export type JobEntry = {
  readonly job_id: string
  /** Of the SQL that runs, or ran. */
  readonly fingerprint: string
  /** Minutes from then on are counted; null: all that the topic held. */
  readonly since: number | null
  /** How late an event may come for its minute. Books of older versions do not say it. */
  readonly grace_ms?: number
  readonly deployed_at: number
  readonly stopped: boolean
  /** Where it was stopped, or what it began from. */
  readonly savepoint: string | null
  /** The newest complete checkpoint that anybody has seen. */
  readonly checkpoint: string | null
  /** Minutes that end until then are written. */
  readonly written_until: number | null
}

export type JobBook = {
  read(): Promise<JobEntry | null>
  write(entry: JobEntry): Promise<void>
}

/** A file, written whole or not at all. */
export const createJobBook = (file: string): JobBook => ({
  async read() {
    try {
      return JSON.parse(await readFile(file, 'utf8'))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
      throw error
    }
  },
  async write(entry) {
    await mkdir(dirname(file), { recursive: true })
    const handle = await open(`${file}.new`, 'w')
    try {
      await handle.writeFile(`${JSON.stringify(entry, null, 2)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(`${file}.new`, file)
  },
})
