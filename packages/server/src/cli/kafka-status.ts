import { Command } from 'commander'
import { checkpointOf } from '../analytics/analytics.ts'
import { openKafka } from '../books/open-kafka.ts'
import { loadKafkaSettings, processEnvironment } from '../config/config.ts'
import type { KafkaConfig } from '../config/kafka-settings.ts'
import type { Kafka, TopicNames } from '../kafka/kafka.ts'
import { newestOffset, readLog } from '../log/log.ts'
import { systemClock } from '../platform/platform.ts'
import { ENRICH_GROUP, type Lag, lagOf, SPLIT_GROUP } from '../quality-kafka/quality-kafka.ts'
import { RELAY } from '../relay/relay.ts'
import { print, printJson, table } from './output.ts'
import { type OpenedAnalytics, withAnalytics } from './with-analytics.ts'

type StageLag = { readonly stage: string; readonly from: string } & Lag

export function lagCommand(): Command {
  return new Command('status')
    .summary('show how far each stage is behind')
    .description(
      'Show how far the relay and both steps of quality are behind: in events, and in seconds since the oldest event that they have not taken was received. Heartbeats count as events, so a few are no lag. The steps tell Kafka where they are once a second.',
    )
    .option('--json', 'print one JSON document: {stages: [{stage, from, events, seconds}]}')
    .addHelpText('after', '\nExample:\n  questline kafka status')
    .action(async ({ json }: { readonly json?: true }) => {
      const stages = await lags(loadKafkaSettings(processEnvironment()))
      await (json ? printJson({ stages }) : print(textOf(stages)))
    })
}

async function lags(settings: KafkaConfig): Promise<readonly StageLag[]> {
  const { kafka, topics } = await openKafka(settings, 'status')
  try {
    const relay = await withAnalytics(relayLag)
    return [relay, ...(await stepLags(kafka, topics, settings.topicPrefix))]
  } finally {
    await kafka.close()
  }
}

async function relayLag({ store, analytics }: OpenedAnalytics): Promise<StageLag> {
  const [head, at] = await Promise.all([
    newestOffset(store.read),
    checkpointOf(analytics.read, RELAY),
  ])
  const stage = { stage: 'relay', from: 'log', events: Math.max(0, head - at) }
  for await (const { records } of readLog(store.read, at, { events: 1, expired: 'skip' })) {
    const [oldest] = records
    if (oldest === undefined) continue
    return { ...stage, seconds: Math.max(0, (systemClock.now() - oldest.receivedAt) / 1_000) }
  }
  return { ...stage, seconds: 0 }
}

async function stepLags(
  kafka: Kafka,
  topics: TopicNames,
  prefix: string,
): Promise<readonly StageLag[]> {
  const steps = [
    { stage: 'split', group: SPLIT_GROUP, from: topics['events-raw'] },
    { stage: 'enrich', group: ENRICH_GROUP, from: topics['events-by-player'] },
  ]
  const found: StageLag[] = []
  for (const { stage, group, from } of steps) {
    const lag = await lagOf(kafka, { group: `${prefix}${group}`, topic: from }, systemClock.now())
    found.push({ stage, from, ...lag })
  }
  return found
}

function textOf(stages: readonly StageLag[]): string {
  const rows = stages.map(({ stage, from, events, seconds }) => [
    ...[stage, from, String(events), seconds.toFixed(1)],
  ])
  return table([['stage', 'reads', 'events behind', 'seconds behind'], ...rows])
}
