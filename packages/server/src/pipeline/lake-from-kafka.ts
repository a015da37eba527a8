import { openKafka } from '../books/open-kafka.ts'
import type { KafkaConfig } from '../config/kafka-settings.ts'
import type { LakeConfig } from '../config/sink-settings.ts'
import { createStreamSource, followStreams } from '../lake-kafka/lake-kafka.ts'
import type { Store } from '../store/store.ts'

/** Brings the lake of the settings up to what the topics have now. Only under its lease. */
export async function bringFromKafka(
  {
    analytics,
    clock,
  }: { readonly analytics: Store; readonly clock: { readonly now: () => number } },
  { kafka: settings, lake }: { readonly kafka: KafkaConfig; readonly lake: LakeConfig },
  isStopping?: () => boolean,
): Promise<void> {
  const { kafka, topics } = await openKafka(settings, 'lake')
  try {
    const source = createStreamSource(
      { kafka, now: clock.now },
      { topics, prefix: settings.topicPrefix, foreignApp: settings.foreignApp },
    )
    await followStreams({ source, analytics, topics }, lake, isStopping)
  } finally {
    await kafka.close()
  }
}
