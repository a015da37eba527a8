// The numbers: purchases, revenue, users, matches and events per minute, hour and day of corrected
// time, exact at every moment for the log up to its checkpoint; late events and rates refine what is
// there, and a rebuild gives the same rows. And measured loss, from the gaps in what devices count.
export { createWindows, type WindowsParts } from './create-windows.ts'
export { GRAIN_MS, GRAINS, type Grain, startOf } from './grains.ts'
export { type KpiQuery, type KpiWindow, readKpi } from './kpi.ts'
export {
  behind,
  type ChangedMinute,
  type KpiPosition,
  newestPosition,
  nextChanges,
} from './kpi-follower.ts'
export { createLoss } from './loss/create-loss.ts'
export { type Loss, readLoss } from './loss/read-loss.ts'
export { parseRate, type Rate, toUsdMicros } from './rates.ts'
export { RatesFileError, type RatesOfDay, readRates } from './rates-file.ts'
export { type Rebuilt, rebuildWindows } from './rebuild.ts'
export { createTypeLabels, type FreeType, type TypesOfDay } from './type-labels.ts'
export { changesSince, isNoted, newestChange, type WindowChange } from './window-changes.ts'
