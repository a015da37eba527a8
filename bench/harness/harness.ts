// What every benchmark needs: servers and load generators as processes of their own on cores of
// their own, turns between what is compared, medians, and a report beside its machine.
// A figure with an answer other than 2xx in it is not a figure but an error.
export { bareFigure, inBareRequests, startBare } from './bare.ts'
export { type Databases, sqliteDatabases, startPostgresDatabases } from './databases.ts'
export {
  type Aim,
  type Costs,
  type Figure,
  lateNotes,
  latencyNote,
  memoryFigure,
  pick,
  ratios,
  spread,
} from './figures.ts'
export type { LoadResult } from './generator.ts'
export { guestLogin, logInGuests } from './guests.ts'
export { createLab, type Lab, type Server, type Subject } from './lab.ts'
export { describeMachine, type Machine } from './machine.ts'
export { endedChildrenCpuSeconds, peakMemoryMb, restartPeakMemory } from './process-usage.ts'
export { type Cores, coresOf, findCores, runChild, startChild } from './processes.ts'
export { BUSY_LOAD, type Report, renderReport, saveReport } from './report.ts'
export type { RequestTemplate } from './request-template.ts'
export { writeShortfalls } from './shortfalls.ts'
export { takeTurns } from './take-turns.ts'

import type { Figure } from './figures.ts'
import type { Lab } from './lab.ts'
import type { Report } from './report.ts'

export type Bench = {
  readonly name: string
  readonly question: string
  /** Where its README stands and its last result goes. */
  readonly folder: string
  /** Where it brings a database of its own, whatever is asked for. */
  readonly database?: 'postgres'
  /** Where it measures something other than usual, what. */
  readonly variant?: string
  measure(lab: Lab): Promise<readonly Figure[]>
  /** Brings pages up to date that tell what came out. */
  publish?(report: Report): void
}
