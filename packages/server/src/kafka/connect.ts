import type { KafkaSecurity } from '../platform/platform.ts'
import type { Kafka } from './port.ts'

/** How to reach the brokers. */
export type KafkaSettings = KafkaSecurity & {
  readonly brokers: readonly string[]
  /** Names the process in the brokers' logs and quotas. */
  readonly clientId: string
}

/**
 * A client of a real cluster, which connects at the first call, and again whenever it must. Its library
 * is loaded here and not before: a server without Kafka does without.
 */
export async function connectKafka(settings: KafkaSettings): Promise<Kafka> {
  const { createClient } = await import('./client.ts')
  return createClient(settings)
}
