import { type Anomaly, anomalyLine, findAnomalies, HISTORY_DAYS } from '../anomaly/anomaly.ts'
import { type Arpdau, arpdauLine, arpdauOf } from '../arpdau/arpdau.ts'
import { campaignKeysOf } from '../clean/clean.ts'
import type { CampaignCost, PurchaseKind } from '../inspect/inspect.ts'
import { putText, writeLines } from '../print/print.ts'
import {
  type RevenueSumming,
  type Roas,
  roasByDay,
  roasLine,
  sumDailyRevenue,
} from '../roas/roas.ts'
import type { Output } from '../runs/runs.ts'

export type DailyReports = {
  readonly byDay: ReadonlyMap<number, readonly Roas[]>
  readonly roas: readonly Roas[]
  readonly anomalies: readonly Anomaly[]
  readonly arpdau: readonly Arpdau[]
}

/** Sums what the daily reports of D-1 need of the purchases. */
export const revenueBefore = (kinds: readonly PurchaseKind[], day: number): RevenueSumming =>
  sumDailyRevenue(campaignKeysOf(kinds), day - HISTORY_DAYS, day)

/** The reports of D-1 from what {@link revenueBefore} summed, and the costs. */
export function computeDailyReports(
  revenues: ReturnType<RevenueSumming['total']>,
  day: number,
  costs: readonly CampaignCost[],
  dau: number,
): DailyReports {
  const byDay = roasByDay(revenues, costs)
  const roas = byDay.get(day) ?? []
  return { byDay, roas, anomalies: findAnomalies(day, byDay), arpdau: arpdauOf(day, roas, dau) }
}

/** The lines of each report, by the name of its file. */
export const dailyLines = ({ roas, anomalies, arpdau }: DailyReports) =>
  [
    ['roas_d1.json', roas.map(roasLine)],
    ['roas_anomaly.json', anomalies.map(anomalyLine)],
    ['arpdau_d1.json', arpdau.map(arpdauLine)],
  ] as const

export function writeJsonLines(path: string, lines: readonly string[]): Promise<Output> {
  const text = lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`
  return writeLines(path, (file) => putText(file, text))
}
