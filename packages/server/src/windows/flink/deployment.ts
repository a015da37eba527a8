import { FlinkError } from './ask.ts'
import type { Gateway } from './gateway.ts'
import type { Job } from './job.ts'
import type { JobBook, JobEntry } from './job-book.ts'
import { allRuns, isOver, type JobManager, type JobReport } from './job-manager.ts'
import { firstOpenMinute, keepSeen, type ProgressParts, restorePoint } from './job-progress.ts'
import {
  MINUTES_JOB,
  type MinutesSettings,
  minuteOf,
  minutesFingerprint,
  minutesJob,
} from './minutes-job.ts'
import { checkPlan, optimizedOf } from './plan.ts'
import type { FlinkTables } from './tables.ts'

export type DeploymentParts = ProgressParts & {
  readonly gateway: Gateway
  readonly jobManager: JobManager
  readonly book: JobBook
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<unknown>
}
export type DeploymentSettings = { readonly tables: FlinkTables; readonly minutes: MinutesSettings }

/** How an answer of `status` begins. */
export type Standing =
  /** It runs, with the SQL of this version. */
  | 'running'
  /** It runs, with other SQL. */
  | 'outdated'
  /** Flink has it, and it does not run: it is starting, or failing again and again. */
  | 'restarting'
  /** It was stopped with a savepoint. */
  | 'stopped'
  /** It ran, and Flink does not know it any more. */
  | 'lost'
  /** There was none. */
  | 'absent'

export type Status = {
  readonly standing: Standing
  readonly job: string | null
  readonly report: JobReport | null
  readonly failure: string | null
  readonly entry: JobEntry | null
}

export type Begun = {
  readonly job: string
  readonly fingerprint: string
  readonly restored_from: string | null
  readonly since: number | null
}

/** How long a job may take until all of it runs: after a crash TaskManagers come back one by one. */
const RUNNING_MS = 180_000

/** The job of minutes: one at a time, found by its name, so that nobody starts a second beside it. */
export function createDeployment(parts: DeploymentParts, settings: DeploymentSettings) {
  const jobOf = (since: number | null): Job => minutesJob(settings.tables, settings.minutes, since)
  const context: Context = {
    ...parts,
    ...{ jobOf, graceMs: settings.minutes.graceMs },
    printOf: (since) => minutesFingerprint(settings.tables, settings.minutes, since),
  }
  return {
    /** The plan, checked. @throws FlinkError when it would keep rows for ever */
    async plan(): Promise<string> {
      const plan = await parts.gateway.explain(jobOf(null))
      checkPlan(plan)
      return optimizedOf(plan)
    },

    /** Starts it without a state: all minutes that the topic holds, or those since an instant, are counted anew. */
    deploy: (since: number | null) => begin(context, since === null ? null : minuteOf(since), null),

    /** Goes on where it was stopped, or where its newest complete checkpoint is. */
    resume: (how: Resumption) => resume(context, how),

    /** Stops it with a savepoint. @param drain writes the minutes that are open, as if nothing came any more */
    stop: (drain: boolean) => stop(context, drain),

    status: () => status(context),
  }
}

type Context = DeploymentParts & {
  readonly jobOf: (since: number | null) => Job
  readonly graceMs: number
  readonly printOf: (since: number | null) => string
}

const current = async ({ jobManager }: Context) =>
  (await jobManager.jobs()).find(({ name, state }) => name === MINUTES_JOB && !isOver(state)) ??
  null

async function begin(context: Context, since: number | null, from: string | null): Promise<Begun> {
  const { gateway, book, now } = context
  const running = await current(context)
  if (running !== null) {
    throw new FlinkError(`the job runs already: ${running.id}; \`questline flink stop\` stops it`)
  }
  const job = context.jobOf(since)
  checkPlan(await gateway.explain(job))
  const id = await gateway.run(job, from)
  const fingerprint = context.printOf(since)
  const before = await book.read()
  await book.write({
    ...{ job_id: id, fingerprint, since, grace_ms: context.graceMs },
    ...{ deployed_at: now(), stopped: false },
    ...{ savepoint: from, checkpoint: null },
    // A job that ends before its first checkpoint has come as far as the one before.
    written_until: from === null ? null : (before?.written_until ?? null),
  })
  await untilItRuns(context, id)
  return { job: id, fingerprint, restored_from: from, since }
}

export type Resumption = {
  /** A savepoint or checkpoint in the place of the one that is known. */
  readonly from: string | null
  /** With other SQL than before, from the first minute that was open. */
  readonly upgrade: boolean
}

async function resume(context: Context, { from, upgrade }: Resumption): Promise<Begun> {
  const entry = await context.book.read()
  if (entry === null && from === null) {
    throw new FlinkError('nothing is known of an earlier job: `questline flink deploy` starts one')
  }
  if (entry !== null && context.printOf(entry.since) !== entry.fingerprint) {
    if (!upgrade) throw new FlinkError(CHANGED)
    // Another plan cannot read that state: every minute that was open is counted from its first event.
    return begin(context, await firstOpenMinute(context, entry), null)
  }
  const point = from ?? (entry && (await restorePoint(context, entry)))
  if (point === null) {
    throw new FlinkError(
      'there is neither a savepoint nor a checkpoint: `questline flink deploy` counts anew',
    )
  }
  return begin(context, entry?.since ?? null, point)
}

async function stop(context: Context, drain: boolean) {
  const { gateway, jobManager, book } = context
  const running = await current(context)
  if (running === null) throw new FlinkError('no job runs')
  const report = await jobManager.report(running.id)
  const savepoint = await gateway.stop(running.id, drain)
  const entry = await book.read()
  const mine = entry?.job_id === running.id ? entry : null
  await book.write({
    job_id: running.id,
    // One that another copy of the book has started: whether its SQL is ours is not known.
    fingerprint: mine?.fingerprint ?? 'unknown',
    since: mine?.since ?? null,
    ...(mine?.grace_ms === undefined ? {} : { grace_ms: mine.grace_ms }),
    deployed_at: mine?.deployed_at ?? running.startedAt,
    ...{ stopped: true, savepoint, checkpoint: null },
    written_until: report?.watermark ?? mine?.written_until ?? null,
  })
  return { job: running.id, savepoint }
}

async function status(context: Context): Promise<Status> {
  const { jobManager, book } = context
  const entry = await book.read()
  const running = await current(context)
  const report = running && (await jobManager.report(running.id))
  if (running === null || report === null) {
    const standing = entry === null ? 'absent' : entry.stopped ? 'stopped' : 'lost'
    return { standing, job: entry?.job_id ?? null, report: null, failure: null, entry }
  }
  const isMine = entry?.job_id === running.id
  const seen = isMine ? await keepSeen(book, entry, report) : entry
  const isCurrent = isMine && context.printOf(entry.since) === entry.fingerprint
  return {
    standing: allRuns(report) ? (isCurrent ? 'running' : 'outdated') : 'restarting',
    ...{ job: running.id, report, entry: seen },
    failure: allRuns(report) ? null : await jobManager.failure(running.id),
  }
}

export type Deployment = ReturnType<typeof createDeployment>

const CHANGED =
  'the SQL of this version is not that of the job, whose state it may not be able to read: with --upgrade every minute that was open is counted from its first event'
/** A job that cannot run starts again and again: its reason is shown, and it is cancelled. */
async function untilItRuns({ jobManager, now, sleep }: DeploymentParts, id: string): Promise<void> {
  const deadline = now() + RUNNING_MS
  for (;;) {
    const report = await jobManager.report(id)
    if (report !== null && allRuns(report)) return
    const isEnded = report === null || isOver(report.state)
    if (isEnded || now() > deadline) {
      const failure = await jobManager.failure(id).catch(() => null)
      if (!isEnded) await jobManager.cancel(id)
      throw new FlinkError(`the job does not run: ${failure ?? whyNot(report)}`)
    }
    await sleep(200)
  }
}

/** Of a job that has not failed: a part that is SCHEDULED has no place on a TaskManager. */
function whyNot(report: JobReport | null): string {
  if (report === null) return 'Flink does not know it'
  return [report.state, ...report.waiting].join(', ')
}
