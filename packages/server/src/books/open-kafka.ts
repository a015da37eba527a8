import { readFileSync } from 'node:fs'
import type { KafkaConfig } from '../config/kafka-settings.ts'
import {
  connectKafka,
  type Kafka,
  type KafkaWork,
  type TopicNames,
  toldKafka,
  topicNames,
} from '../kafka/kafka.ts'
import type { KafkaSecurity } from '../platform/platform.ts'

export type OpenedKafka = { readonly kafka: Kafka; readonly topics: TopicNames }

/** Who hears of each request, measured in milliseconds that never go backwards. */
export type Telling = {
  readonly monotonic: () => number
  readonly tell: (work: KafkaWork) => void
}

/** @param does what this process is for, as the brokers' logs and quotas will name it */
export async function openKafka(
  settings: KafkaConfig,
  does: string,
  telling?: Telling,
): Promise<OpenedKafka> {
  const { brokers, topicPrefix } = settings
  const kafka = await connectKafka({
    ...{ brokers, clientId: `questline-${does}`, ...securityOf(settings) },
  })
  const told = telling ? toldKafka(kafka, telling.monotonic, telling.tell) : kafka
  return { kafka: told, topics: topicNames(topicPrefix) }
}

/** With the files that the settings name. */
export const securityOf = ({ tls, sasl }: Pick<KafkaConfig, 'tls' | 'sasl'>): KafkaSecurity => ({
  tls: tls === null ? null : { ca: textOf(tls.ca), cert: textOf(tls.cert), key: textOf(tls.key) },
  sasl,
})

const textOf = (file: string | null): string | null =>
  file === null ? null : readFileSync(file, 'utf8')
