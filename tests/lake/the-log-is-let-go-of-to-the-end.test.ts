import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readManifest } from '../../packages/server/src/lake/lake.ts'
import { createLakeKeeper } from '../../packages/server/src/pipeline/lake-keeper.ts'
import type { FromPipeline } from '../../packages/server/src/pipeline/messages.ts'
import { systemClock } from '../../packages/server/src/platform/platform.ts'
import { fileOf } from '../open-store.ts'
import { lakeSettings, openTestLake, type TestLake } from './open-test-lake.ts'

let lake: TestLake
beforeEach(async () => {
  lake = await openTestLake()
})
afterEach(() => lake.close())

/** More than the process compares and empties at a time, which is a thousand. */
const BATCHES = 1_100

it('lets go of all that is old with the batch that is due, however much it is', async () => {
  // What is committed by itself is a batch of its own.
  for (let i = 0; i < BATCHES; i += 1) {
    await lake.log.games({ type: 'session_start', player: 'ana' })
  }
  await lake.judge()
  const { log, analytics, analyticsFile: file, folder } = lake
  const told: FromPipeline[] = []
  const order = {
    database: { kind: 'sqlite' as const, file: fileOf(log.url), busyTimeoutMs: 5_000 },
    analytics: { place: { kind: 'sqlite' as const, file, busyTimeoutMs: 5_000 }, file },
    lake: { ...lakeSettings(folder), keptMs: null },
    refusedKeptMs: 30 * 86_400_000,
    kafka: null,
  }
  const watch = { hear: (message: FromPipeline) => void told.push(message) }
  const stop = createLakeKeeper({ analytics, clock: systemClock, watch }, order).begin()
  const isWritten = () => told.some((one) => one.kind === 'step' && one.offset === BATCHES)
  while (!isWritten()) await sleep(5)
  await stop()
  expect(told.filter(({ kind }) => kind === 'failure')).toEqual([])
  // They are of March, and the log keeps events for 35 days.
  expect(readManifest(folder).log_expired).toBe(BATCHES)
})
