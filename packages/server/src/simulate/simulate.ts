// A stranger to the server: plays over HTTP only and knows of it what a game knows.
// It keeps its own account of what every answer must be, and reports each that is not.
// The same seed plays the same game, once per database: its Idempotency-Keys come again too.

export {
  type DayOfReports,
  type DayOfReportsParts,
  type DayOfReportsSettings,
  playDayOfReports,
} from './day-of-reports.ts'
export type { Mismatch } from './expectations.ts'
export {
  type DailyUsers,
  type Difference,
  type Fetch,
  type GameTime,
  machineTime,
  NoAnswerError,
  type Progress,
  type SimulationParts,
  type SimulationResult,
  type SimulationSettings,
  simulateGame,
  type UsdRates,
} from './game/game.ts'
export {
  createGame,
  type Game,
  type GameParts,
  type GameSettings,
  type GameSummary,
} from './game.ts'
export {
  type PostbackCheck,
  type PostbackTestParts,
  type PostbackTestResult,
  type PostbackTestSettings,
  runPostbackTest,
  signPostback,
} from './postback-test.ts'
export {
  type AppsflyerExport,
  type FileName,
  generateReportFiles,
  type ReportFilesSettings,
  type Truth,
  writeAppsflyerExport,
} from './reports/reports.ts'
export { createSeededRandom } from './seeded-random.ts'
