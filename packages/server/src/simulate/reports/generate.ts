import { join } from 'node:path'
import { createAccount } from './account.ts'
import { campaignsOn } from './answers.ts'
import { createCampaigns } from './campaigns.ts'
import { CELL_TRAPS } from './cell-traps.ts'
import { createKeys } from './chance.ts'
import { writeCosts } from './costs.ts'
import { dayText } from './csv-bytes.ts'
import { createNames, PURCHASES_MAX } from './names.ts'
import type { Trap } from './planted.ts'
import { ROW_TRAPS } from './row-traps.ts'
import { type SalesParts, writeConfirmations, writePurchases } from './sales.ts'
import {
  LONG_LINE,
  SESSION_CELL_TRAPS,
  SESSION_STRUCTURE_TRAPS,
  writeSessions,
} from './sessions.ts'
import { createStories } from './stories.ts'
import { STRUCTURE_TRAPS } from './structure-traps.ts'
import { raise } from './tally.ts'
import type { Truth } from './truth.ts'

export type ReportFilesSettings = {
  /** An existing folder; files of the same names in it are overwritten. */
  readonly dir: string
  /** 1 to 90 million. The file has a few rows more where traps add some. */
  readonly purchases: number
  readonly seed: string
  /**
   * `none`: clean files. `values`: odd cells and rows in well-formed files. `all`: broken structure
   * too. These take at least 250 purchases, and each trap is there at least once.
   */
  readonly traps: 'none' | 'values' | 'all'
  /** At least 4, so that an anomaly has its history; 14 by default. */
  readonly days?: number
  /** The last UTC day of the files, YYYY-MM-DD. */
  readonly lastDay: string
}

const DAY_S = 86_400
const DAYS = { default: 14, min: 4 }
/** Small files are mostly traps; in large ones they are rare, as in life. */
const TRAP_PERIOD = { small: 250, large: 2_000 }
const LARGE_PURCHASES = 8_000
/** A player has about four purchases: half of the users never buy. */
const USERS_PER_PURCHASE = 0.5
const BOM = '\ufeff'

/**
 * Writes `purchases_raw.csv`, `confirmed_purchases.csv`, `costs_daily.csv` and `sessions.csv`.
 * The same settings give the same bytes. Memory does not grow with the number of rows.
 */
export async function generateReportFiles(settings: ReportFilesSettings): Promise<Truth> {
  const { dir, purchases, traps } = settings
  const days = settings.days ?? DAYS.default
  const firstDay_s = Date.parse(settings.lastDay) / 1_000 - (days - 1) * DAY_S
  check(settings, days)

  const key = createKeys(settings.seed)
  const campaigns = createCampaigns(purchases)
  const period = purchases < LARGE_PURCHASES ? TRAP_PERIOD.small : TRAP_PERIOD.large
  const planted = new Map<string, number>()
  const schedule = createSchedule(trapsFor(traps), { period, key: key() })
  const parts: SalesParts = {
    ...{ campaigns, key, trapOf: schedule },
    stories: createStories({ firstDay_s, days }, campaigns, key),
    names: createNames(key),
  }
  const account = createAccount({ firstDay_s, days }, campaigns)

  const isBroken = traps === 'all'
  const head = isBroken ? BOM : ''
  const sales = { purchases, firstDay_s, days, head, lineEnd: '\n' as const }
  await writePurchases(join(dir, 'purchases_raw.csv'), parts, sales, account)
  await writeConfirmations(join(dir, 'confirmed_purchases.csv'), parts, {
    ...sales,
    lineEnd: isBroken ? '\r\n' : '\n',
  })
  countTraps(planted, { purchases, trapOf: schedule, period })
  const costs = await writeCosts(
    join(dir, 'costs_daily.csv'),
    { campaigns, account, traps: planted, key },
    { firstDay_s, days, traps },
  )
  const sessions = await writeSessions(
    join(dir, 'sessions.csv'),
    { names: parts.names, trapAt: sessionTraps(traps, period), traps: planted, key },
    {
      ...{ sessions: purchases, users: Math.ceil(purchases * USERS_PER_PURCHASE) },
      ...{ firstDay_s, days, shape: traps === 'none' ? 'narrow' : 'wide' },
    },
  )
  const dayNumbers = Array.from({ length: days }, (_, back) => days - 1 - back)
  return {
    files: {
      'purchases_raw.csv': account.purchases.truth(),
      'confirmed_purchases.csv': account.confirmations.truth(),
      'costs_daily.csv': costs.truth,
      'sessions.csv': sessions.truth,
    },
    traps: Object.fromEntries([...planted].sort(([a], [b]) => (a < b ? -1 : 1))),
    curated: account.curated(),
    reconciliation: account.reconciliation(),
    lastDay: settings.lastDay,
    purchaseDays: dayNumbers
      .filter((day) => campaigns.all.some((_, index) => account.sales(day, index) > 0))
      .map((day) => dayText(firstDay_s + day * DAY_S)),
    campaigns: campaignsOn(days - 1, { campaigns, account, costs }),
    dau: sessions.dau,
  }
}

function check({ purchases, lastDay, traps }: ReportFilesSettings, days: number): void {
  if (!Number.isInteger(purchases) || purchases < 1 || purchases > PURCHASES_MAX)
    throw new RangeError(`purchases must be 1 to ${PURCHASES_MAX}, not ${purchases}`)
  // What `1,234` means depends on the other traps of its column: half of them would mean another.
  if (traps !== 'none' && purchases < TRAP_PERIOD.small)
    throw new RangeError(`traps take at least ${TRAP_PERIOD.small} purchases, not ${purchases}`)
  if (!Number.isInteger(days) || days < DAYS.min)
    throw new RangeError(`days must be at least ${DAYS.min}, not ${days}`)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(lastDay) || Number.isNaN(Date.parse(lastDay)))
    throw new RangeError(`lastDay must be a day as YYYY-MM-DD, not ${lastDay}`)
}

const trapsFor = (traps: ReportFilesSettings['traps']): readonly Trap[] => {
  if (traps === 'none') return []
  return [...CELL_TRAPS, ...ROW_TRAPS, ...(traps === 'all' ? STRUCTURE_TRAPS : [])]
}

/** Each trap in one place of every `period` purchases, from purchase 0 on. */
function createSchedule(
  traps: readonly Trap[],
  { period, key }: { readonly period: number; readonly key: number },
): SalesParts['trapOf'] {
  if (traps.length * 2 > TRAP_PERIOD.small) throw new RangeError('more traps than places for them')
  const places = new Array<Trap | undefined>(period).fill(undefined)
  const stride = period / TRAP_PERIOD.small
  for (const [index, trap] of traps.entries())
    places[(index * stride * 2 + (key % period)) % period] = trap
  return (purchase) => places[purchase % period]
}

function countTraps(
  planted: Map<string, number>,
  at: { purchases: number; trapOf: SalesParts['trapOf']; period: number },
): void {
  const rounds = Math.floor(at.purchases / at.period)
  const rest = at.purchases % at.period
  for (let place = 0; place < at.period; place += 1) {
    const trap = at.trapOf(place)
    const times = rounds + (place < rest ? 1 : 0)
    if (trap !== undefined && times > 0) raise(planted, trap.name, times)
  }
}

function sessionTraps(traps: ReportFilesSettings['traps'], period: number) {
  if (traps === 'none') return () => undefined
  const all = traps === 'all' ? SESSION_STRUCTURE_TRAPS : []
  const cycle = [...SESSION_CELL_TRAPS, ...all]
  return (place: number) => {
    if (traps === 'all' && place === period - 1) return LONG_LINE
    return cycle[place % period]
  }
}
