import { mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Command } from 'commander'
import { catchUp, createLeases, openAnalytics } from '../analytics/analytics.ts'
import { LakeError } from '../lake/lake.ts'
import { ExpiredOffsetsError, newestOffset } from '../log/log.ts'
import { BATCH_EVENTS, createConsumers } from '../pipeline/consumers.ts'
import { readingLake } from '../pipeline/open-lake.ts'
import type { Store } from '../store/store.ts'
import { type Rebuilt, rebuildWindows } from '../windows/windows.ts'
import { CommandFailure } from './command-failure.ts'
import { print, printJson, table } from './output.ts'
import { type OpenedAnalytics, withAnalytics } from './with-analytics.ts'

export function windowsCommand(): Command {
  const windows = new Command('windows').description('The numbers per minute, hour and day.')
  windows
    .command('rebuild')
    .summary('count the log anew, compare every row and put right what differs')
    .description(
      'Count the whole log anew beside the numbers in use, compare every row and put right what differs: nothing should. Works beside a running server, whose numbers are read meanwhile.',
    )
    .option('--json', 'print one JSON document: {rebuilt: [{consumer, offset, rows, changed}]}')
    .addHelpText('after', '\nExample:\n  questline windows rebuild')
    .action(async ({ json }: { readonly json?: true }) => {
      const rebuilt = await withAnalytics(rebuild)
      await (json ? printJson({ rebuilt }) : print(textOf(rebuilt)))
    })
  return windows
}

const textOf = (rebuilt: readonly Rebuilt[]): string =>
  table([
    ['CONSUMER', 'LOG UP TO', 'ROWS', 'PUT RIGHT'],
    ...rebuilt.map(({ consumer, offset, rows, changed }) => [
      ...[consumer, String(offset), String(rows), String(changed)],
    ]),
  ])

/** In a file of its own, which is removed whatever happens. First the numbers in use are brought up to date. */
async function rebuild(opened: OpenedAnalytics): Promise<readonly Rebuilt[]> {
  // Counted from the log as well, all of it would be there twice.
  if (opened.config.kafka !== null) throw new CommandFailure(1, ON_KAFKA)
  await catchUp(opened.consumers.stages, await newestOffset(opened.store.read))
  const folder = await mkdtemp(join(dirname(opened.file), 'rebuild-'))
  const file = join(folder, 'analytics.db')
  const parts = { now: opened.clock.now, random: opened.random }
  const aside = await openAnalytics(parts, { kind: 'sqlite', file, busyTimeoutMs: 5_000 })
  try {
    return await rebuildWindows({
      live: opened.analytics,
      aside,
      run: (consumer, until) => runUntil(opened, { aside, file }, consumer, until),
    })
  } catch (error) {
    if (!(error instanceof ExpiredOffsetsError || error instanceof LakeError)) throw error
    throw new CommandFailure(
      1,
      `${error.message}: counted anew, what they were would be lost. Nothing was changed.`,
    )
  } finally {
    await aside.close()
    await rm(folder, { recursive: true, force: true })
  }
}

const ON_KAFKA =
  'with KAFKA_BROKERS the numbers are counted on Flink: `questline flink restate` counts days anew'

async function runUntil(
  { config, store, rules }: OpenedAnalytics,
  { aside, file }: { readonly aside: Store; readonly file: string },
  consumer: string,
  until: number,
): Promise<void> {
  const lake = readingLake(config.lake, file, 'rebuild')
  const { stages } = createConsumers(
    { readBooks: store.read, analytics: aside, leases: createLeases(file) },
    { rules, batchEvents: BATCH_EVENTS, until, lake },
  )
  const needed = stages.filter(
    ({ name }) => name === consumer || (consumer === 'windows' && name === 'quality'),
  )
  let taken: number
  do {
    taken = 0
    for (const stage of needed) taken += await stage.step()
  } while (taken > 0)
}
