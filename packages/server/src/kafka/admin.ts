import { setTimeout as sleep } from 'node:timers/promises'
import { type Admin, ConfigResourceTypes, type Consumer } from '@platformatic/kafka'
import { isBrokerError, reaching } from './failures.ts'
import { EARLIEST, LATEST } from './member.ts'
import type { Ends, Kafka, TopicPlan, TopicState } from './port.ts'

type TopicAdmin = Pick<Kafka, 'ends' | 'committed' | 'describe' | 'create'>
type Looker = Consumer<Buffer, Buffer, Buffer, Buffer>

/** What is asked and told about topics. */
export const createTopicAdmin =
  (admin: Admin) =>
  (looker: Looker): TopicAdmin => ({
    ends: (topic) => reaching(`the ends of ${topic} are unknown`, () => endsOf(looker, topic)),
    committed: (group, topic) =>
      reaching(`the positions of ${group} are unknown`, () => committedBy(admin, group, topic)),
    describe: (topics) =>
      reaching('the topics could not be described', () => describe(admin, topics)),
    create: (plan) => reaching(`${plan.topic} could not be created`, () => create(admin, plan)),
  })

async function endsOf(looker: Looker, topic: string): Promise<readonly Ends[]> {
  const ask = async (timestamp: bigint): Promise<readonly bigint[]> =>
    (await looker.listOffsets({ topics: [topic], timestamp })).get(topic) ?? []
  const [firsts, nexts] = await Promise.all([ask(EARLIEST), ask(LATEST)])
  return nexts.map((next, partition) => ({
    ...{ first: Number(firsts[partition] ?? 0n), next: Number(next) },
  }))
}

async function committedBy(admin: Admin, group: string, topic: string) {
  const metadata = await admin.metadata({ topics: [topic] })
  const count = metadata.topics.get(topic)?.partitionsCount ?? 0
  const partitionIndexes = Array.from({ length: count }, (_, partition) => partition)
  const groups = await admin
    .listConsumerGroupOffsets({
      groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes }] }],
    })
    .catch((error: unknown) => {
      if (isBrokerError(error, 'GROUP_ID_NOT_FOUND')) return []
      throw error
    })
  const partitions = groups.flatMap(({ topics }) => topics.flatMap((each) => each.partitions))
  return new Map(
    partitions
      .filter(({ committedOffset }) => committedOffset >= 0n)
      .map(({ partitionIndex, committedOffset }) => [partitionIndex, Number(committedOffset)]),
  )
}

async function describe(admin: Admin, wanted: readonly string[]): Promise<readonly TopicState[]> {
  const all = new Set(await admin.listTopics())
  const names = wanted.filter((name) => all.has(name))
  if (names.length === 0) return []
  const metadata = await admin.metadata({ topics: names, forceUpdate: true })
  const described = await admin.describeConfigs({
    resources: names.map((name) => ({
      resourceType: ConfigResourceTypes.TOPIC,
      resourceName: name,
    })),
  })
  return names.map((topic) => {
    const partitions = metadata.topics.get(topic)?.partitions ?? []
    const configs = described.find(({ resourceName }) => resourceName === topic)?.configs ?? []
    return {
      topic,
      partitions: partitions.length,
      replication: Math.min(...partitions.map(({ replicas }) => replicas.length)),
      underReplicated: partitions.flatMap(({ replicas, isr }, partition) =>
        isr.length < replicas.length ? [partition] : [],
      ),
      configs: Object.fromEntries(configs.map(({ name, value }) => [name, value ?? ''])),
    }
  })
}

async function create(admin: Admin, plan: TopicPlan): Promise<void> {
  const { topic, partitions, replication, configs } = plan
  await admin
    .createTopics({
      topics: [{ topic, partitions, replicas: replication }],
      configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
    })
    .catch((error: unknown) => {
      if (!isBrokerError(error, 'TOPIC_ALREADY_EXISTS')) throw error
    })
  // The brokers tell each other: until then one of them may know nothing of it.
  for (let look = 0; look < LOOKS; look += 1) {
    const [state] = await describe(admin, [topic]).catch(() => [])
    if (state !== undefined && state.partitions > 0) return
    await sleep(LOOK_MS)
  }
}

const LOOKS = 100
const LOOK_MS = 100
