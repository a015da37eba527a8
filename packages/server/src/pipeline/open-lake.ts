import { dirname, join } from 'node:path'
import { createStage, type Leases, type Stage } from '../analytics/analytics.ts'
import type { LakeConfig } from '../config/sink-settings.ts'
import {
  createLakeConsumer,
  type LakeConsumer,
  type LakeParts,
  type LakeSettings,
  type RawSettings,
} from '../lake/lake.ts'

/** The consumer that writes the lake of the settings, with its lease. */
export const createLakeStage = (
  { leases, ...parts }: LakeParts & { readonly leases: Leases },
  lake: LakeSettings,
): Stage & Pick<LakeConsumer, 'isTended'> => {
  const consumer = createLakeConsumer(parts, lake)
  // It asks how far quality is, and takes what that has written.
  const settings = { events: lake.batchEvents }
  const stage = createStage({ store: parts.analytics, leases }, consumer, settings)
  return { ...stage, isTended: consumer.isTended }
}

/**
 * How events that have left the log's table are read.
 * @param reader the name of who reads, other than that of any other one at the same time
 */
export const readingLake = (
  { folder, memoryLimitMb }: LakeConfig,
  analyticsFile: string,
  reader: string,
): RawSettings => ({
  ...{ folder, memoryLimitMb },
  scratch: join(dirname(analyticsFile), `.reading-lake-${reader}`),
})
