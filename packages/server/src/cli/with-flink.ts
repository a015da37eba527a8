import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openKafka, securityOf } from '../books/open-kafka.ts'
import { type FlinkContext, loadFlinkContext, processEnvironment } from '../config/config.ts'
import type { KafkaConfig } from '../config/kafka-settings.ts'
import { topicNames } from '../kafka/kafka.ts'
import { systemClock } from '../platform/platform.ts'
import { heardUntil } from '../quality-kafka/quality-kafka.ts'
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
  MINUTES_JOB,
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
  const { kafka, flink, analyticsUrl, dataDir } = settings
  if (kafka === null) throw new Error('settings without brokers are refused')
  const tables: FlinkTables = { ...kafkaTables(kafka), jdbc: jdbcTarget(analyticsUrl) }
  const gateway = createGateway({ ask, sleep }, flink.gatewayUrl)
  const parts = {
    gateway,
    jobManager: createJobManager(ask, flink.restUrl),
    book: createJobBook(join(dataDir, 'flink-minutes.json')),
    heardUntil: () => heardByMinutes(kafka),
    ...{ now: systemClock.now, sleep },
  }
  const deployment = createDeployment(parts, { tables, minutes: flink })
  return { deployment, gateway, tables, settings }
}

async function heardByMinutes(settings: KafkaConfig): Promise<number | null> {
  const { kafka, topics } = await openKafka(settings, 'flink')
  try {
    return await heardUntil(kafka, { group: MINUTES_JOB, topic: topics['events-enriched'] })
  } finally {
    await kafka.close()
  }
}

function kafkaTables(settings: KafkaConfig) {
  const { brokers, topicPrefix } = settings
  const topics = topicNames(topicPrefix)
  return {
    brokers,
    topics: { enriched: topics['events-enriched'], late: topics['events-late'] },
    kafka: kafkaProperties(securityOf(settings)),
  }
}
