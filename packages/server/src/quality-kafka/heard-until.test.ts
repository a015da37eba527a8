import { beforeEach, describe, expect, it } from 'vitest'
import { createMemoryKafka, type MemoryKafka } from '../kafka/memory.ts'
import { heardUntil } from './heard-until.ts'

const OF = { group: 'g', topic: 'events-enriched' }

describe('what a group has heard', () => {
  let kafka: MemoryKafka
  beforeEach(async () => {
    kafka = createMemoryKafka()
    await kafka.create({ topic: OF.topic, partitions: 2, replication: 1, configs: {} })
  })
  const write = (partition: number, ...said: readonly object[]) =>
    kafka.produce(
      said.map((each) => ({
        ...{ topic: OF.topic, partition, key: '', timestamp: 0, value: JSON.stringify(each) },
      })),
    )
  const commit = async (...positions: readonly (readonly [number, number])[]) => {
    const member = await kafka.join(OF.group, OF.topic)
    await member.commit(new Map(positions))
    await member.close()
  }
  const beat = (time_ms: number) => ({ event_type: 'heartbeat', time_ms })
  const event = { event_type: 'level', kind: 'free', time_ms: 9_000 }
  const named = { ...event, event_type: 'heartbeat' }

  it('goes up to the heartbeat before its position, of the partition that is least far', async () => {
    await write(0, beat(1_000), event, beat(2_000), event, beat(3_000))
    await write(1, beat(1_500), event, named, beat(2_500))
    await commit([0, 4], [1, 3])
    expect(await heardUntil(kafka, OF)).toBe(1_500)
    await commit([1, 4])
    expect(await heardUntil(kafka, OF)).toBe(2_000)
  })

  it('is looked for however far back it is', async () => {
    await write(0, beat(1_000), ...Array.from({ length: 9_000 }, () => event))
    await write(1, beat(2_000))
    await commit([0, 9_001], [1, 1])
    expect(await heardUntil(kafka, OF)).toBe(1_000)
  })

  it('is nothing without a position, or without a heartbeat, of every partition', async () => {
    await write(0, beat(1_000), event)
    await write(1, event, beat(2_000))
    expect(await heardUntil(kafka, OF)).toBeNull()
    await commit([0, 2])
    expect(await heardUntil(kafka, OF)).toBeNull()
    await commit([1, 1])
    expect(await heardUntil(kafka, OF)).toBeNull()
    await commit([1, 2])
    expect(await heardUntil(kafka, OF)).toBe(1_000)
  })
})
