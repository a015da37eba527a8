import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../platform/platform.ts'
import type { Store } from '../store/store.ts'
import {
  type Batch,
  type Consumer,
  catchUp,
  createLeases,
  createStage,
  onAnalytics,
  openAnalytics,
  runStage,
  type Stage,
} from './analytics.ts'

const COUNT = onAnalytics(
  'test.count',
  `INSERT INTO analytics.loss_versions (app, sdk, version, received, lost) VALUES ('a', '', '', $1, 0)
  ON CONFLICT (app, sdk, version) DO UPDATE SET received = loss_versions.received + excluded.received`,
)
const TOTAL = onAnalytics('test.total', 'SELECT received AS total FROM analytics.loss_versions')

describe('a consumer', () => {
  let folder: string
  let file: string
  let store: Store
  /** What there is to consume: offsets from 1. */
  let end = 0

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'questline-analytics-'))
    file = join(folder, 'analytics.db')
    store = await openAnalytics(
      { now: () => 0, random: systemRandom() },
      { kind: 'sqlite', file, busyTimeoutMs: 5_000 },
    )
    end = 100
  })
  afterEach(async () => {
    await store.close()
    await rm(folder, { recursive: true })
  })

  /** Counts offsets. */
  const counting = (changes: Partial<Consumer> = {}): Consumer => ({
    name: 'counting',
    source: 'log',
    async next(after, events): Promise<Batch | null> {
      return after >= end ? null : { first: after + 1, last: Math.min(end, after + events) }
    },
    async apply(tx, { first, last }) {
      await tx.run(COUNT, [[last - first + 1]])
    },
    forget: () => undefined,
    ...changes,
  })
  const stageOf = (consumer: Consumer): Stage =>
    createStage({ store, leases: createLeases(file) }, consumer, { events: 10 })
  const total = async (): Promise<number> =>
    (await store.read<{ readonly total: number }>(TOTAL, []))[0]?.total ?? 0

  it('takes what there is, batch by batch, and says how much', async () => {
    const stage = stageOf(counting())
    expect(await stage.step()).toBe(10)
    await catchUp([stage], 95)
    expect([await stage.checkpoint(), await total()]).toEqual([100, 100])
    expect(await stage.step()).toBe(0)
  })

  it('counts once where two processes step in turns, without a lease', async () => {
    const forgotten: string[] = []
    const stages = ['one', 'two'].map((process) =>
      stageOf(counting({ forget: () => forgotten.push(process) })),
    )
    for (let n = 0; n < 40; n += 1) await stages[n % 2]?.step()
    expect(await total()).toBe(100)
    // Whoever came too late has dropped what it knew.
    expect(forgotten).toContain('two')
  })

  it('leaves nothing of a batch that fails, forgets what it knew, and tries the same again', async () => {
    const seen: number[] = []
    let forgotten = 0
    const stage = stageOf(
      counting({
        async apply(tx, { first }) {
          seen.push(first)
          await tx.run(COUNT, [[1]])
          if (seen.length === 2) throw new Error('a bug')
        },
        forget: () => {
          forgotten += 1
        },
      }),
    )
    await stage.step()
    await expect(stage.step()).rejects.toThrow('a bug')
    expect([await stage.checkpoint(), await total(), forgotten]).toEqual([10, 1, 1])
    await stage.step()
    expect(seen).toEqual([1, 11, 11])
  })

  it('refuses a batch that leaves a gap', async () => {
    const stage = stageOf(counting({ next: async () => ({ first: 2, last: 3 }) }))
    await expect(stage.step()).rejects.toThrow('is at 0 and got a batch from 2')
  })

  it('is told of only after the commit', async () => {
    const told: number[] = []
    const stage = stageOf(
      counting({ committed: () => void stage.checkpoint().then((at) => told.push(at)) }),
    )
    await stage.step()
    await stage.step()
    await expect.poll(() => told).toEqual([10, 20])
  })

  it('that fails is loud, and goes on when it is repaired', async () => {
    let isBroken = true
    const stopping = new AbortController()
    const said: string[] = []
    const stage = stageOf(
      counting({
        async next(after, events) {
          if (isBroken) throw new Error('a bug')
          return counting().next(after, events)
        },
      }),
    )
    const running = runStage(stage, {
      signal: stopping.signal,
      idle: async () => stopping.abort(),
      onStep: (_, offset) => said.push(`step ${offset}`),
      onRecovery: () => said.push('recovery'),
      onFailure: (_, error, againMs) => {
        said.push(`${error} again in ${againMs}`)
        if (said.length === 2) isBroken = false
      },
    })
    await running
    expect(said.slice(0, 4)).toEqual([
      'Error: a bug again in 500',
      'Error: a bug again in 1000',
      'recovery',
      'step 10',
    ])
    expect(await total()).toBe(100)
  })

  it('whose lease another one holds says how far that one is', async () => {
    const holder = createLeases(file)('counting')
    await holder.take()
    await stageOf(counting()).step()
    const stopping = new AbortController()
    const said: string[] = []
    await runStage(stageOf(counting()), {
      signal: stopping.signal,
      idle: async () => stopping.abort(),
      onStep: () => said.push('step'),
      onStandBy: (_, offset) => said.push(`stands by at ${offset}`),
      onRecovery: () => said.push('recovery'),
      onFailure: () => said.push('failure'),
    })
    expect(said).toEqual(['stands by at 10'])
    await holder.release()
  })

  it('whose lease another one holds is left alone, and waited for', async () => {
    const holder = createLeases(file)('counting')
    expect(await holder.take()).toBe(true)
    const stage = stageOf(counting())
    const waiting = catchUp([stage], 100, 300)
    await expect(waiting).rejects.toThrow(
      'another process holds counting and has stayed at 0 of 100',
    )
    expect(await total()).toBe(0)
    await holder.release()
    await catchUp([stage], 100)
    expect(await total()).toBe(100)
  })
})
