import type { Kafka } from './port.ts'

/** How to reach the brokers. */
export type KafkaSettings = {
  readonly brokers: readonly string[]
  /** Texts of PEM files; null for plain connections. */
  readonly tls: {
    readonly ca: string | null
    readonly cert: string | null
    readonly key: string | null
  } | null
  readonly sasl: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
    readonly username: string
    readonly password: string
  } | null
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
