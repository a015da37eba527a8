import { describe, it } from 'vitest'
import { kafkaContract } from '../../packages/server/src/kafka/kafka.contract.ts'
import { connectKafka } from '../../packages/server/src/kafka/kafka.ts'

// Needs a broker: `npm run test:scale` starts one and says where it is.
const brokers = process.env['KAFKA_BROKERS']

if (brokers === undefined) {
  describe('Kafka: a real broker', () => {
    it.skip('skipped: there is no broker, KAFKA_BROKERS is not set', () => undefined)
  })
} else {
  const settings = { brokers: brokers.split(','), tls: null, sasl: null, clientId: 'contract' }
  kafkaContract(
    'a real broker',
    () => connectKafka(settings),
    // Topics of an earlier run may still be there.
    `contract-${Date.now()}`,
  )
}
