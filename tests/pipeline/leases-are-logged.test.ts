import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { createLeases, type Stage } from '../../packages/server/src/analytics/analytics.ts'
import { toldStage } from '../../packages/server/src/pipeline/told-stage.ts'
import { createWatch } from '../../packages/server/src/pipeline/watch.ts'
import { createMetrics, toInstant } from '../../packages/server/src/platform/platform.ts'
import { NOON } from './game-log.ts'

it('who does what only one process may do is one line at each change, by the stage of the metrics', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'questline-'))
  const leases = createLeases(join(folder, 'analytics.db'))
  let now = NOON

  /** A process as far as its leases go, what it logs, and what its metrics say. */
  const aProcess = () => {
    const lines: Readonly<Record<string, unknown>>[] = []
    const stream = { write: (line: string) => void lines.push(JSON.parse(line)) }
    const metrics = createMetrics()
    const watch = createWatch(
      {
        ...{ logger: pino({ base: null, timestamp: false }, stream), metrics, now: () => now },
        ...{ head: async () => 0, receivedAfter: async () => null, onKafka: () => undefined },
      },
      { quality: false, sinks: false, forward: false, relay: true, isOnKafka: true },
    )
    const stage: Stage = {
      ...{ name: 'relay', lease: leases('relay'), register: async () => undefined },
      ...{ step: async () => 0, checkpoint: async () => 0 },
    }
    const held = async () =>
      /questline_stage_lease_held\{stage="relay"\} (\d)/.exec(await metrics.text())?.[1]
    return { ...toldStage(stage, watch.hear, () => 0), lines, held }
  }
  const [one, other] = [aProcess(), aProcess()]
  for (let turn = 0; turn < 3; turn += 1) {
    await one.lease.take()
    await other.lease.take()
  }
  now += 60_000
  await one.lease.release()
  await other.lease.take()
  const relay = { stage: 'relay' }
  const [noon, later] = [toInstant(NOON), toInstant(now)]
  expect(one.lines).toMatchObject([
    { ...relay, lease: 'held', since: noon },
    { ...relay, lease: 'lost', since: noon, until: later },
  ])
  expect(other.lines).toMatchObject([
    { ...relay, lease: 'elsewhere' },
    { ...relay, lease: 'held', since: later },
  ])
  expect([await one.held(), await other.held()]).toEqual(['0', '1'])
  await other.lease.release()
  rmSync(folder, { recursive: true })
})
