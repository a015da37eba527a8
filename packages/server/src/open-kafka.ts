import { readFileSync } from 'node:fs'
import { connectKafka, type Kafka, type TopicNames, topicNames } from './kafka/kafka.ts'
import type { KafkaConfig } from './kafka-settings.ts'

export type OpenedKafka = { readonly kafka: Kafka; readonly topics: TopicNames }

/** @param does what this process is for, as the brokers' logs and quotas will name it */
export async function openKafka(settings: KafkaConfig, does: string): Promise<OpenedKafka> {
  const { brokers, tls, sasl, topicPrefix } = settings
  const kafka = await connectKafka({
    ...{ brokers, sasl, clientId: `questline-${does}` },
    tls: tls === null ? null : { ca: textOf(tls.ca), cert: textOf(tls.cert), key: textOf(tls.key) },
  })
  return { kafka, topics: topicNames(topicPrefix) }
}

const textOf = (file: string | null): string | null =>
  file === null ? null : readFileSync(file, 'utf8')
