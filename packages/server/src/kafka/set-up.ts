import type { Kafka, TopicPlan, TopicState } from './port.ts'

/** Something about a topic that is not as planned. Nothing changes it on its own. */
export type Difference = {
  readonly topic: string
  readonly setting: string
  readonly wanted: string
  readonly found: string
}

export type SetupResult = {
  readonly created: readonly string[]
  readonly existing: readonly string[]
  readonly differences: readonly Difference[]
}

/** Creates the topics that are missing and compares the others with the plan. Can be repeated. */
export async function setUpTopics(
  kafka: Pick<Kafka, 'describe' | 'create'>,
  plans: readonly TopicPlan[],
): Promise<SetupResult> {
  const names = plans.map(({ topic }) => topic)
  const before = new Set((await kafka.describe(names)).map(({ topic }) => topic))
  for (const plan of plans) if (!before.has(plan.topic)) await kafka.create(plan)
  const states = await kafka.describe(names)
  return {
    created: names.filter((name) => !before.has(name)),
    existing: names.filter((name) => before.has(name)),
    differences: plans.flatMap((plan) =>
      differencesOf(
        plan,
        states.find(({ topic }) => topic === plan.topic),
      ),
    ),
  }
}

function differencesOf(plan: TopicPlan, state: TopicState | undefined): readonly Difference[] {
  const { topic } = plan
  if (state === undefined) return [{ topic, setting: 'topic', wanted: 'exists', found: 'missing' }]
  const pairs: readonly (readonly [string, string, string])[] = [
    ['partitions', String(plan.partitions), String(state.partitions)],
    ['replication', String(plan.replication), String(state.replication)],
    ['replicas in step', 'all', inStep(state)],
    ...Object.entries(plan.configs).map(
      ([name, wanted]) => [name, wanted, state.configs[name] ?? 'unknown'] as const,
    ),
  ]
  return pairs
    .filter(([, wanted, found]) => wanted !== found)
    .map(([setting, wanted, found]) => ({ topic, setting, wanted, found }))
}

const inStep = ({ underReplicated }: TopicState): string =>
  underReplicated.length === 0 ? 'all' : `not in partitions ${underReplicated.join(', ')}`
