import type { Kafka } from '../../packages/server/src/kafka/kafka.ts'

/** All that a topic holds, as JSON, but for heartbeats. Some may stand there twice. */
export async function valuesOf(
  kafka: Kafka,
  topic: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const ends = await kafka.ends(topic)
  const reader = await kafka.reader(topic)
  const values: Readonly<Record<string, unknown>>[] = []
  let from = new Map(ends.map(({ first }, partition) => [partition, first]))
  while (ends.some(({ next }, partition) => (from.get(partition) ?? 0) < next)) {
    const { records, next } = await reader.fetch(from, { bytes: 10_000_000, waitMs: 500 })
    for (const { value } of records) values.push(JSON.parse(String(value)))
    from = new Map([...from, ...next])
  }
  await reader.close()
  // Games may send what is called so; only ours has no app.
  return values.filter(({ event_type, app }) => event_type !== 'heartbeat' || app !== undefined)
}
