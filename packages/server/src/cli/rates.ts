import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { createLog, type Log } from '../log/log.ts'
import { systemClock } from '../platform/platform.ts'
import { RatesFileError, type RatesOfDay, readRates } from '../windows/windows.ts'
import { CommandFailure } from './command-failure.ts'
import { print, printJson } from './output.ts'
import { unreadable } from './unreadable.ts'
import { withDatabase } from './with-database.ts'

export function ratesCommand(): Command {
  const rates = new Command('rates').description(
    'Exchange rates, by which revenue is in US dollars.',
  )
  rates
    .command('import')
    .summary('log the rates of a CSV file, which restate the days that they cover')
    .description(
      'Log the rates of a CSV file with the columns date,currency,usd_per_unit: US dollars for one unit, as a plain decimal. They restate the revenue of those days, also of purchases that were counted before, and replace earlier rates of the same day and currency. A day without a rate leaves its amounts in "unconverted".',
    )
    .argument('<file>', 'the CSV file')
    .option('--json', 'print one JSON document: {days, rates, first_offset, last_offset}')
    .addHelpText(
      'after',
      `
Examples:
  questline rates import rates-2026-03.csv
  printf 'date,currency,usd_per_unit\\n2026-03-01,EUR,1.0832\\n' > rates.csv`,
    )
    .action(async (file: string, { json }: { readonly json?: true }) => {
      const days = await readDays(file)
      const offsets = await logDays(days)
      const count = days.reduce((sum, { usdPerUnit }) => sum + Object.keys(usdPerUnit).length, 0)
      const document = {
        ...{ days: days.length, rates: count },
        ...{ first_offset: Math.min(...offsets), last_offset: Math.max(...offsets) },
      }
      const text = `${count} rates of ${days.length} days are logged; revenue of those days is restated`
      await (json ? printJson(document) : print(text))
    })
  return rates
}

/** @throws CommandFailure when the file cannot be read, or is another one */
export async function readDays(file: string): Promise<readonly RatesOfDay[]> {
  try {
    return readRates(await readFile(file, 'utf8'))
  } catch (error) {
    if (error instanceof RatesFileError) throw new CommandFailure(2, `${file}: ${error.message}`)
    throw error instanceof Error && 'syscall' in error ? unreadable(file, error) : error
  }
}

const logDays = (days: readonly RatesOfDay[]): Promise<number[]> =>
  withDatabase((opened) => logRates({ ...opened, log: createLog(opened) }, days))

/** One event a day, together in one commit; their offsets. */
export async function logRates(
  { config, log }: { readonly config: Pick<Config, 'ledger'>; readonly log: Log },
  days: readonly RatesOfDay[],
): Promise<number[]> {
  const now = systemClock.now()
  const recorded = await Promise.all(
    days.map(({ date, usdPerUnit }) =>
      log.record({
        ...{ app: config.ledger.defaultApp, eventType: 'rates', playerId: null },
        ...{ occurredAt: now, receivedAt: now, intent: null, mustExist: false },
        payload: JSON.stringify({ date, usd_per_unit: usdPerUnit }),
      }),
    ),
  )
  return recorded.map((each) => {
    if (each.kind !== 'recorded') throw new Error('rates were not recorded')
    return each.offset
  })
}
