// The four CSV files of a small studio's day, of any size, from a seed: what marketing and finance
// bring to the daily reports. Every trap of real exports is planted and counted, and what each row
// must come to is known by construction, so that tests need nobody's reading of the files.
// A stranger to the reports: nothing here imports them.

export { type AppsflyerExport, writeAppsflyerExport } from './appsflyer-export.ts'
export { generateReportFiles, type ReportFilesSettings } from './generate.ts'
export type {
  CampaignTruth,
  FileName,
  FileTruth,
  FilterReason,
  ReconciliationTruth,
  RejectReason,
  Truth,
} from './truth.ts'
