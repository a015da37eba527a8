import { kafkaContract } from './kafka.contract.ts'
import { createMemoryKafka } from './memory.ts'

kafkaContract('in memory', async () => createMemoryKafka(), 'contract')
