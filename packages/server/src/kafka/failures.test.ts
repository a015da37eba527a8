import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { connectKafka } from './kafka.ts'

it('why no broker is reached is said with its cause', async () => {
  // A port that was free a moment ago.
  const port = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 1))
    })
  })
  const brokers = [`127.0.0.1:${port}`]
  const kafka = await connectKafka({ brokers, tls: null, sasl: null, clientId: 'test' })
  await expect(kafka.describe(['any'])).rejects.toMatchObject({
    name: 'KafkaUnavailable',
    message: `the topics could not be described: Connection to ${brokers[0]} failed: connect ECONNREFUSED ${brokers[0]}`,
  })
  await kafka.close()
})
