import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Kafka, KafkaRecord, NewRecord, Positions, Reader } from './port.ts'
import { setUpTopics } from './set-up.ts'
import { topicNames, topicPlans } from './topics.ts'

const PARTITIONS = 3
const LIMITS = { bytes: 1_000_000, waitMs: 200 }
const AT = 1_760_000_000_000

const record = (topic: string, key: string, value: string): NewRecord => ({
  ...{ topic, key, value, timestamp: AT },
})
const shown = ({ partition, offset, key, value }: KafkaRecord) => ({
  ...{ partition, offset, key, value: value?.toString() },
})

/** Reads until so many records have come. */
async function readAll(reader: Reader, from: Positions, count: number): Promise<KafkaRecord[]> {
  const at = new Map(from)
  const records: KafkaRecord[] = []
  for (let tries = 0; records.length < count && tries < 100; tries += 1) {
    const fetched = await reader.fetch(at, LIMITS)
    records.push(...fetched.records)
    for (const [partition, offset] of fetched.next) at.set(partition, offset)
  }
  return records
}

const fromStart: Positions = new Map([0, 1, 2].map((partition) => [partition, 0]))

/** @param fresh a prefix for names that nobody has used before */
export function kafkaContract(name: string, connect: () => Promise<Kafka>, fresh: string): void {
  describe(`Kafka: ${name}`, () => {
    let kafka: Kafka
    let made = 0
    beforeAll(async () => {
      kafka = await connect()
    })
    afterAll(() => kafka.close())

    const newTopic = async (): Promise<string> => {
      made += 1
      const topic = `${fresh}-${made}`
      await kafka.create({ topic, partitions: PARTITIONS, replication: 1, configs: {} })
      return topic
    }

    it('gives records back as they were written, with time and headers', async () => {
      const topic = await newTopic()
      const headers = { 'questline-envelope': '1' }
      await kafka.produce([{ ...record(topic, 'default\np1', 'ünïcode'), partition: 2, headers }])
      const reader = await kafka.reader(topic)
      const [got] = await readAll(reader, fromStart, 1)
      await reader.close()
      expect(got).toEqual({
        ...{ topic, partition: 2, offset: 0, key: 'default\np1', timestamp: AT },
        ...{ value: Buffer.from('ünïcode'), headers: new Map(Object.entries(headers)) },
      })
    })

    it('places equal keys in one partition, where the client of Java would, in their order', async () => {
      const topic = await newTopic()
      const keys = [...PLACES.keys()]
      await kafka.produce(
        [0, 1, 2].flatMap((turn) => keys.map((key) => record(topic, key, `${key} ${turn}`))),
      )
      const reader = await kafka.reader(topic)
      const all = await readAll(reader, fromStart, 12)
      await reader.close()
      for (const key of keys) {
        const own = all.filter((each) => each.key === key)
        expect(new Set(own.map(({ partition }) => partition)).size).toBe(1)
        expect(own.map(({ value }) => value?.toString())).toEqual(
          [0, 1, 2].map((t) => `${key} ${t}`),
        )
      }
      expect(new Map(all.map(({ key, partition }) => [key, partition]))).toEqual(PLACES)
    })

    it('writes calls that overlap in the order of the calls', async () => {
      const topic = await newTopic()
      const values = Array.from({ length: 50 }, (_, index) => String(index))
      await Promise.all(values.map((value) => kafka.produce([record(topic, 'one', value)])))
      const reader = await kafka.reader(topic)
      const all = await readAll(reader, fromStart, 50)
      await reader.close()
      expect(all.map(({ value }) => value?.toString())).toEqual(values)
      expect(all.map(({ offset }) => offset)).toEqual(values.map(Number))
    })

    it('reads from any offset on, also from within what was written at once', async () => {
      const topic = await newTopic()
      await kafka.produce([0, 1, 2, 3].map((each) => record(topic, 'one', String(each))))
      const reader = await kafka.reader(topic)
      const [{ partition } = { partition: -1 }] = await readAll(reader, fromStart, 1)
      const rest = await readAll(reader, new Map([[partition, 2]]), 2)
      const none = await reader.fetch(new Map([[partition, 4]]), LIMITS)
      await reader.close()
      expect(rest.map(shown)).toEqual([
        { partition, offset: 2, key: 'one', value: '2' },
        { partition, offset: 3, key: 'one', value: '3' },
      ])
      expect(none).toEqual({ records: [], next: new Map() })
    })

    it('says so when what is asked for is not there', async () => {
      const topic = await newTopic()
      const reader = await kafka.reader(topic)
      const asked = reader.fetch(new Map([[1, 7]]), LIMITS)
      await expect(asked).rejects.toMatchObject({ name: 'PositionGone', partition: 1, wanted: 7 })
      await reader.close()
    })

    it('knows the ends of the partitions', async () => {
      const topic = await newTopic()
      await kafka.produce(
        [0, 1].map((each) => ({ ...record(topic, 'k', String(each)), partition: 1 })),
      )
      expect(await kafka.ends(topic)).toEqual([
        { first: 0, next: 0 },
        { first: 0, next: 2 },
        { first: 0, next: 0 },
      ])
    })

    it('deals the partitions to the members of a group, and anew when one goes', async () => {
      const topic = await newTopic()
      const group = `${topic}-group`
      const one = await kafka.join(group, topic)
      expect(one.assigned().partitions).toEqual([0, 1, 2])
      const { generation } = one.assigned()
      const other = await kafka.join(group, topic)
      const held = () => [...one.assigned().partitions, ...other.assigned().partitions].toSorted()
      await expect.poll(held, { timeout: 10_000 }).toEqual([0, 1, 2])
      expect(other.assigned().partitions.length).toBeGreaterThan(0)
      expect(one.assigned().generation).not.toBe(generation)
      await one.close()
      await expect.poll(() => other.assigned().partitions, { timeout: 10_000 }).toEqual([0, 1, 2])
      await other.close()
    })

    it('keeps what a group says of its positions', async () => {
      const topic = await newTopic()
      const group = `${topic}-group`
      expect(await kafka.committed(group, topic)).toEqual(new Map())
      const member = await kafka.join(group, topic)
      await member.commit(new Map([[1, 5]]))
      await member.close()
      expect(await kafka.committed(group, topic)).toEqual(new Map([[1, 5]]))
    })

    it('creates topics once, and says how existing ones differ', async () => {
      const settings = {
        topics: topicNames(`${fresh}-set-up-`),
        ...{ partitions: 2, replication: 1, retentionHours: 24 },
      }
      const first = await setUpTopics(kafka, topicPlans(settings))
      expect(first).toMatchObject({ existing: [], differences: [] })
      expect(first.created).toHaveLength(5)
      const second = await setUpTopics(kafka, topicPlans({ ...settings, retentionHours: 48 }))
      expect(second.created).toEqual([])
      expect(second.differences).toHaveLength(5)
      expect(second.differences[0]).toEqual({
        ...{ topic: `${fresh}-set-up-events-raw`, setting: 'retention.ms' },
        ...{ wanted: '172800000', found: '86400000' },
      })
    })

    it('fails where there is no such topic', async () => {
      await expect(kafka.produce([record(`${fresh}-none`, 'k', 'v')])).rejects.toMatchObject({
        name: 'KafkaUnavailable',
      })
    })
  })
}

/** murmur2 as the client of Java takes it, over three partitions. */
const PLACES = new Map([
  ['default\nalice', 0],
  ['default\nerin', 1],
  ['default\np1', 2],
  ['default\nheidi', 1],
])
