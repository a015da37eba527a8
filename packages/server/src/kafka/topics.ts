import type { TopicPlan } from './port.ts'

const HOUR_MS = 3_600_000

/**
 * Our topics, without the prefix.
 * - `events-raw`: what came in; ours with an envelope, others as they wrote it. Key: app and player
 * - `events-by-player`: internal, the same for each player whom it makes active. Key: app and player
 * - `events-enriched`: flat, for the minutes and whoever counts. Key: app and player
 * - `events-rejected`: what no rule let through, with the reason
 * - `events-late`: what came after its minute was closed; the daily restatement reads it
 */
export const TOPICS = [
  'events-raw',
  'events-by-player',
  'events-enriched',
  'events-rejected',
  'events-late',
] as const
export type TopicName = (typeof TOPICS)[number]
export type TopicNames = Readonly<Record<TopicName, string>>

export const topicNames = (prefix: string): TopicNames => ({
  'events-raw': `${prefix}events-raw`,
  'events-by-player': `${prefix}events-by-player`,
  'events-enriched': `${prefix}events-enriched`,
  'events-rejected': `${prefix}events-rejected`,
  'events-late': `${prefix}events-late`,
})

export type TopicSettings = {
  readonly topics: TopicNames
  readonly partitions: number
  readonly replication: number
  readonly retentionHours: number
}

/**
 * How each is to be. Records keep the time that we give them, and are deleted by age alone. With two
 * replicas or more, a write needs one beside the leader: losing one broker loses nothing.
 */
export function topicPlans(settings: TopicSettings): readonly TopicPlan[] {
  const { topics, partitions, replication, retentionHours } = settings
  const configs = {
    'cleanup.policy': 'delete',
    'message.timestamp.type': 'CreateTime',
    'min.insync.replicas': String(Math.min(2, replication)),
    'retention.bytes': '-1',
    'retention.ms': String(retentionHours * HOUR_MS),
    'unclean.leader.election.enable': 'false',
  }
  return TOPICS.map((name) => ({ topic: topics[name], partitions, replication, configs }))
}
