import { Admin, type BaseOptions, Consumer } from '@platformatic/kafka'
import { createTopicAdmin } from './admin.ts'
import type { KafkaSettings } from './connect.ts'
import { joinGroup, openReader } from './member.ts'
import type { Kafka } from './port.ts'
import { createProducing } from './produce.ts'

/**
 * Of a request, and how often and after which pause one is repeated that failed on its way. What is
 * not over after these is not available: whoever asked decides what happens then.
 */
const REQUEST = { timeout: 5_000, connectTimeout: 5_000, retries: 3, retryDelay: 300 } as const

/** A client of a real cluster. */
export function createClient(settings: KafkaSettings): Kafka {
  const base = baseOptions(settings)
  const producing = createProducing(base)
  const admin = new Admin(base)
  const topics = createTopicAdmin(admin)
  // In no group: only a consumer can ask for offsets by time.
  const looker = new Consumer({ ...base, groupId: `${settings.clientId}-offsets` })
  return {
    produce: producing.produce,
    join: (group, topic) => joinGroup(base, group, topic),
    reader: async (topic) => openReader(base, topic),
    ...topics(looker),
    async close() {
      await producing.close()
      await looker.close(true)
      await admin.close()
    },
  }
}

function baseOptions({ brokers, tls, sasl, clientId }: KafkaSettings): BaseOptions {
  return {
    ...REQUEST,
    clientId,
    bootstrapBrokers: [...brokers],
    // A mistyped topic is an error, not a new topic.
    autocreateTopics: false,
    ...(tls === null ? {} : { tls: given(tls), tlsServerName: true }),
    ...(sasl === null ? {} : { sasl }),
  }
}

const given = (files: NonNullable<KafkaSettings['tls']>) => ({
  ...(files.ca === null ? {} : { ca: files.ca }),
  ...(files.cert === null ? {} : { cert: files.cert }),
  ...(files.key === null ? {} : { key: files.key }),
})
