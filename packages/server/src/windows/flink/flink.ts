// The minutes on Flink: SQL that is rendered from the same definitions as the embedded windows, and
// a job of it that is deployed, stopped and resumed through the SQL Gateway. It promises the rows that
// windows/ makes of the same events, but for those that came late, which stand in a topic of their own.
export { ask, FlinkError } from './ask.ts'
export { dailyUsersJob } from './daily-users-job.ts'
export {
  type Begun,
  createDeployment,
  type Deployment,
  type Standing,
  type Status,
} from './deployment.ts'
export { createGateway, type Gateway } from './gateway.ts'
export { jdbcTarget } from './jdbc-target.ts'
export { type Job, statementOf } from './job.ts'
export { createJobBook } from './job-book.ts'
export { createJobManager, type JobManager } from './job-manager.ts'
export { kafkaProperties } from './kafka-properties.ts'
export {
  type Days,
  MINUTES_JOB,
  type MinutesSettings,
  minutesJob,
  restateJob,
} from './minutes-job.ts'
export { checkPlan, operatorsOf, unboundedIn } from './plan.ts'
export type { FlinkTables } from './tables.ts'
