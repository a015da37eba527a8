import { toInstant } from '../../platform/platform.ts'
import { GRAIN_MS } from '../grains.ts'
import { FlinkError } from './ask.ts'
import { newestCheckpoint } from './checkpoints.ts'
import type { JobBook, JobEntry } from './job-book.ts'
import type { JobManager, JobReport } from './job-manager.ts'
import { minuteOf } from './minutes-job.ts'

// How far a job has come, when Flink may know nothing of it any more.

export type ProgressParts = {
  readonly jobManager: Pick<JobManager, 'checkpointFolder'>
  /** Up to which time all events were read when the newest checkpoint was made, by what Flink tells Kafka. */
  readonly heardUntil: () => Promise<number | null>
}

/** What would be forgotten with the JobManager is kept while it is there. */
export async function keepSeen(
  book: JobBook,
  entry: JobEntry,
  report: JobReport,
): Promise<JobEntry> {
  const checkpoint = report.checkpoint?.path ?? entry.checkpoint
  const written = report.watermark ?? entry.written_until
  if (checkpoint === entry.checkpoint && written === entry.written_until) return entry
  const seen = { ...entry, checkpoint, written_until: written }
  await book.write(seen)
  return seen
}

/** Of a job that was stopped its savepoint, which is newer than all of its checkpoints. */
export async function restorePoint(
  { jobManager }: Pick<ProgressParts, 'jobManager'>,
  entry: JobEntry,
): Promise<string | null> {
  if (entry.stopped) return entry.savepoint
  const folder = await jobManager.checkpointFolder()
  const newest = await newestCheckpoint(folder, entry.job_id)
  return newest ?? entry.checkpoint ?? entry.savepoint
}

/**
 * The first minute that may have been open, one before it to be sure, and none before those that the job
 * counts at all; milliseconds since the epoch.
 * @throws FlinkError that names the command which is right all the same, when nobody knows how far it was
 */
export async function firstOpenMinute(parts: ProgressParts, entry: JobEntry): Promise<number> {
  const written = entry.written_until ?? (await writtenUntil(parts, entry))
  if (written !== null) {
    return Math.max(entry.since ?? 0, minuteOf(written - GRAIN_MS.minute))
  }
  const since = entry.since === null ? '' : ` --since ${toInstant(entry.since)}`
  throw new FlinkError(
    `how far the job had come is known neither to Flink nor to Kafka: \`questline flink deploy${since}\` counts what it has counted anew`,
  )
}

/**
 * Where nobody has asked for the watermark while it was there: Flink tells Kafka with each checkpoint how
 * far it has read, and what is written by then is in the tables. Of a job without a checkpoint Kafka has
 * what the one before it told, which may have counted otherwise.
 */
async function writtenUntil(parts: ProgressParts, entry: JobEntry): Promise<number | null> {
  const { grace_ms: graceMs } = entry
  if (graceMs === undefined || (await restorePoint(parts, entry)) === null) return null
  const heard = await parts.heardUntil()
  return heard === null ? null : heard - graceMs - 1
}
