import { Command, InvalidArgumentError } from 'commander'
import { toInstant } from '../platform/platform.ts'
import type { Begun, Status } from '../windows/flink/flink.ts'
import { CommandFailure } from './command-failure.ts'
import { print, printJson, table } from './output.ts'

type Json = { readonly json?: true }

export function flinkCommand(): Command {
  const flink = new Command('flink').description(
    'The job that counts the minutes on Flink, from Kafka into PostgreSQL. docs/flink.md tells how it is run.',
  )
  flink
    .command('deploy')
    .summary('start the job without a state')
    .description(
      'Start the job without a state: every minute that the topic holds is counted anew, or those from --since on. Its plan is checked first.',
    )
    .option('--since <time>', 'count minutes from this time on', instant)
    .option('--json', 'print one JSON document: {job, fingerprint, restored_from, since}')
    .addHelpText(
      'after',
      `
Examples:
  questline flink deploy
  questline flink deploy --since 2026-03-01T12:00:00Z`,
    )
    .action(async ({ since, json }: Json & { readonly since?: number }) => {
      const { deployment } = await opened()
      await show(await deployment.deploy(since ?? null), json)
    })
  flink
    .command('status')
    .summary('whether it runs, and how far it is')
    .description(
      'Whether the job runs with the SQL of this version, and how far it is. What it sees is kept for a resume: call it now and then.',
    )
    .option(
      '--json',
      'print one JSON document: {standing, job, state, checkpoint, written_until, restarts, lost_late, failure}',
    )
    .addHelpText(
      'after',
      '\nExit code 1 means that no job runs with the SQL of this version.\n\nExample:\n  questline flink status',
    )
    .action(async ({ json }: Json) => {
      const status = await (await opened()).deployment.status()
      await (json ? printJson(documentOf(status)) : print(statusText(status)))
      if (status.standing !== 'running') process.exitCode = 1
    })
  flink
    .command('stop')
    .summary('stop it with a savepoint')
    .description('Stop the job and keep its state as a savepoint, from which a resume goes on.')
    .option('--drain', 'first write the minutes that are open: for a stop for good')
    .option('--json', 'print one JSON document: {job, savepoint}')
    .addHelpText('after', '\nExample:\n  questline flink stop')
    .action(async ({ drain, json }: Json & { readonly drain?: true }) => {
      const stopped = await (await opened()).deployment.stop(drain ?? false)
      await (json
        ? printJson(stopped)
        : print(`job ${stopped.job} is stopped; its state is in ${stopped.savepoint}`))
    })
  return withBatches(withResume(flink))
}

const withResume = (flink: Command): Command => {
  flink
    .command('resume')
    .summary('go on from its savepoint or newest checkpoint')
    .description(
      'Start the job where it was stopped; after a crash of the JobManager where its newest complete checkpoint is.',
    )
    .option('--from <path>', 'go on from this savepoint or checkpoint')
    .option('--upgrade', 'with other SQL than before: minutes that were open are counted anew')
    .option('--json', 'print one JSON document: {job, fingerprint, restored_from, since}')
    .addHelpText('after', '\nExample:\n  questline flink resume')
    .action(
      async ({
        from,
        upgrade,
        json,
      }: Json & { readonly from?: string; readonly upgrade?: true }) => {
        const { deployment } = await opened()
        await show(await deployment.resume({ from: from ?? null, upgrade: upgrade ?? false }), json)
      },
    )
  flink
    .command('plan')
    .summary("show Flink's plan, and refuse one that keeps rows for ever")
    .description(
      "Show the plan that Flink makes of this version's SQL. One that would keep rows for ever is refused with exit code 1.",
    )
    .option('--json', 'print one JSON document: {plan}')
    .addHelpText('after', '\nExample:\n  questline flink plan')
    .action(async ({ json }: Json) => {
      const plan = await (await opened()).deployment.plan()
      await (json ? printJson({ plan }) : print(plan))
    })
  return flink
}

type DaysOptions = Json & { readonly from?: string; readonly to?: string }

const withBatches = (flink: Command): Command => {
  flink
    .command('daily-users')
    .summary('count the users of days by a batch job')
    .description(
      'Count distinct users per day, country and platform over all that the topic holds, into the table analytics.daily_users.',
    )
    .option('--from <date>', 'from this UTC day', date)
    .option('--to <date>', 'to this UTC day, which is included', date)
    .option('--json', 'print one JSON document: {job}')
    .addHelpText('after', '\nExample:\n  questline flink daily-users --from 2026-03-01')
    .action(async (options: DaysOptions) => {
      const { dailyUsersJob } = await import('../windows/flink/flink.ts')
      const { gateway, tables, settings } = await opened()
      const { from, to } = options
      const days = from === undefined && to === undefined ? null : daysOf(from ?? EPOCH, to)
      const job = await gateway.run(dailyUsersJob(tables, settings.flink, days), null)
      await (options.json ? printJson({ job }) : print(`daily users are counted (job ${job})`))
    })
  flink
    .command('restate')
    .summary('count days anew by a batch job, late events and all')
    .description(
      'Count the minutes, hours and days of whole UTC days anew, with what came late. The topic must still hold all of them.',
    )
    .requiredOption('--from <date>', 'from this UTC day', date)
    .option('--to <date>', 'to this UTC day, which is included; --from by default', date)
    .option('--json', 'print one JSON document: {job}')
    .addHelpText('after', '\nExample:\n  questline flink restate --from 2026-03-01')
    .action(async ({ from = EPOCH, to, json }: DaysOptions) => {
      const { restateJob } = await import('../windows/flink/flink.ts')
      const { gateway, tables, settings } = await opened()
      const job = await gateway.run(
        restateJob(tables, settings.flink, daysOf(from, to ?? from)),
        null,
      )
      await (json ? printJson({ job }) : print(`the days are counted anew (job ${job})`))
    })
  return flink
}

const opened = async () => (await import('./with-flink.ts')).openFlink()

const EPOCH = '1970-01-01'
const DAY_MS = 86_400_000
const FAR_OFF = '9999-12-31'

function daysOf(from: string, to = FAR_OFF) {
  if (from > to) throw new CommandFailure(2, `--from ${from} is after --to ${to}`)
  return { from: Date.parse(from), to: Date.parse(to) + DAY_MS }
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/i

function instant(text: string): number {
  const at = RFC_3339.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at)) {
    throw new InvalidArgumentError('It is not a time such as 2026-03-01T12:00:00Z.')
  }
  return at
}

function date(text: string): string {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text)
  if (isDate && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text)) return text
  throw new InvalidArgumentError('It is not a day such as 2026-03-01.')
}

const show = (begun: Begun, json: true | undefined): Promise<void> =>
  json
    ? printJson(begun)
    : print(
        begun.restored_from === null
          ? `job ${begun.job} counts ${begun.since === null ? 'all that the topic holds' : `from ${toInstant(begun.since)} on`}`
          : `job ${begun.job} goes on from ${begun.restored_from}`,
      )

const documentOf = ({ standing, job, report, failure, entry }: Status) => ({
  ...{ standing, job, state: report?.state ?? null },
  checkpoint: report?.checkpoint?.path ?? entry?.checkpoint ?? entry?.savepoint ?? null,
  written_until: report?.watermark ?? entry?.written_until ?? null,
  ...{ restarts: report?.restarts ?? null, lost_late: report?.lostLate ?? null, failure },
})

const STANDINGS: Readonly<Record<Status['standing'], string>> = {
  running: 'runs',
  outdated: 'runs, with other SQL than this version: stop it, then resume it with --upgrade',
  restarting: 'does not run yet, or fails again and again',
  stopped: 'is stopped; `questline flink resume` goes on',
  lost: 'is unknown to Flink; `questline flink resume` goes on from its newest checkpoint',
  absent: 'was never started; `questline flink deploy` does',
}

function statusText(status: Status): string {
  const of = documentOf(status)
  const rows = [
    ['The job', STANDINGS[of.standing]],
    ['Job', of.job],
    ['Minutes written until', of.written_until === null ? null : toInstant(of.written_until + 1)],
    ['Newest state', of.checkpoint],
    ['Restarts', of.restarts],
    ['Lost as too late', of.lost_late],
    ['Last failure', of.failure],
  ]
  return table(
    rows.flatMap(([name, value]) => (value === null ? [] : [[String(name), String(value)]])),
  )
}
