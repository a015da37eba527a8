import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type FlinkContext, loadFlinkContext, processEnvironment } from '../config.ts'
import { topicNames } from '../kafka/kafka.ts'
import { systemClock } from '../platform/platform.ts'
import {
  ask,
  createDeployment,
  createGateway,
  createJobBook,
  createJobManager,
  type Deployment,
  type FlinkTables,
  type Gateway,
  jdbcTarget,
  kafkaProperties,
} from '../windows/flink/flink.ts'

export type OpenedFlink = {
  readonly deployment: Deployment
  readonly gateway: Gateway
  readonly tables: FlinkTables
  readonly settings: FlinkContext
}

/** What the commands on Flink work with, by the settings alone: no database is opened. */
export function openFlink(): OpenedFlink {
  const settings = loadFlinkContext(processEnvironment())
  const topics = topicNames(settings.kafka.topicPrefix)
  const tables: FlinkTables = {
    brokers: settings.kafka.brokers,
    kafka: kafkaProperties(settings.kafka),
    topics: { enriched: topics['events-enriched'], late: topics['events-late'] },
    jdbc: jdbcTarget(settings.analyticsUrl),
  }
  const gateway = createGateway({ ask, sleep }, settings.flink.gatewayUrl)
  const parts = {
    gateway,
    jobManager: createJobManager(ask, settings.flink.restUrl),
    book: createJobBook(join(settings.dataDir, 'flink-minutes.json')),
    ...{ now: systemClock.now, sleep },
  }
  const deployment = createDeployment(parts, { tables, minutes: settings.flink })
  return { deployment, gateway, tables, settings }
}
