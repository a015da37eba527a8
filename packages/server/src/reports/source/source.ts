// The log as the source of the reports: what is in it up to an offset becomes CSV files of the usual
// shape in the scratch folder of the run, and the usual computation reads those. So there is one
// definition of every cell, and a run is a function of the log up to that offset and of the costs,
// which stay a CSV file. How the log is read is passed in.
export { createLogCompute } from './compute-from-log.ts'
export type { LoggedEvent, LoggedPostback, ReportLog } from './report-log.ts'
