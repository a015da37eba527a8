import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readManifest } from '../../packages/server/src/lake/lake.ts'
import { logTexts, newestOffset } from '../../packages/server/src/log/log.ts'
import { fillBusyLog } from '../pipeline/busy-log.ts'
import { seededNumber } from '../pipeline/seeded-number.ts'
import type { LakeOrder } from './lake.child.ts'
import { lakeSettings, openTestLake, type TestLake } from './open-test-lake.ts'

const CHILD = join(import.meta.dirname, 'lake.child.ts')
/** Some batches, each of several files, and something to merge. */
const BATCH_EVENTS = 120
const YEARS_LATER = Date.UTC(2030, 0, 1)

let lake: TestLake
/** What the log said of each offset before anything was taken out of it. */
let expected: readonly unknown[]

beforeAll(async () => {
  lake = await openTestLake()
  await fillBusyLog(lake.log, 40)
  await lake.judge(BATCH_EVENTS)
  const texts = await logTexts(lake.log.store.read, 0, await newestOffset(lake.log.store.read))
  expected = texts.map(({ head, event }) => {
    const { offset, event_id, event_type, player_id } = JSON.parse(head)
    return { log_offset: BigInt(offset), event_id, event_type, player_id, event }
  })
})
afterAll(() => lake.close())

function child(changes: Partial<Pick<LakeOrder, 'diesAt' | 'now'>>) {
  const order: LakeOrder = {
    ...{ url: lake.log.url, file: lake.analyticsFile, now: lake.time.now, diesAt: null },
    settings: lakeSettings(lake.folder, { batchEvents: BATCH_EVENTS }),
    ...changes,
  }
  const started = fork(CHILD, [JSON.stringify(order)], { execArgv: [] })
  const steps: string[] = []
  let isDone = false
  started.on('message', (message: { step?: string; done?: true }) => {
    if (message.step) steps.push(message.step)
    if (message.done) isDone = true
  })
  return { started, steps, isDone: () => isDone, exit: once(started, 'exit') }
}

/** By the manifest alone: all offsets from 1 to where it ends, each once, and what the log said. */
async function expectExact(context: string): Promise<void> {
  const { upto } = readManifest(lake.folder)
  const rows = await lake.rows(
    'SELECT log_offset, event_id, event_type, player_id, event FROM events_raw ORDER BY log_offset',
  )
  expect(rows, context).toEqual(expected.slice(0, upto))
  const judged = `SELECT count(*) AS n FROM (SELECT log_offset FROM events_enriched UNION ALL
    SELECT log_offset FROM events_rejected) GROUP BY log_offset HAVING count(*) > 1`
  expect(await lake.rows(judged), context).toEqual([])
}

const filesIn = () =>
  readdirSync(lake.folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.parquet'))
    .sort()

describe('a lake whose process is killed', () => {
  it('at every step of a batch and of a merge is exact, and its successor writes the same files', async () => {
    const undisturbed = child({})
    await undisturbed.exit
    expect(undisturbed.isDone()).toBe(true)
    const files = filesIn()
    const steps = undisturbed.steps.filter((step) => step !== 'begun')
    expect(steps).toEqual(expect.arrayContaining(['planned', 'listing', 'listed', 'removed']))
    await lake.startAnew()

    // One process after the other, each of which gets one step further than its predecessor began.
    let killed = 0
    for (let diesAt = 1; diesAt <= steps.length; diesAt += 1) {
      const { exit, isDone } = child({ diesAt })
      const [, signal] = await exit
      if (signal === 'SIGKILL') killed += 1
      await expectExact(`killed at step ${diesAt}`)
      if (isDone()) break
    }
    expect(killed).toBeGreaterThan(4)
    const last = child({})
    await last.exit
    expect(last.isDone()).toBe(true)
    expect(filesIn()).toEqual(files)
    expect(await lake.verify()).toMatchObject({ ok: true, strays: 0 })
  }, 300_000)

  it('at any moment is exact, with batches that have left the table of the log', async () => {
    const seed = Date.now() % 1_000_000
    const random = seededNumber(seed)
    await lake.startAnew()
    let kills = 0
    for (let isOver = false; !isOver; ) {
      const process = child({ now: YEARS_LATER })
      await Promise.race([once(process.started, 'message'), process.exit])
      // Short lives first, so that a fast machine meets kills, and longer ones, so that a slow one ends.
      await Promise.race([sleep(random() * 150 * (kills + 1)), process.exit])
      if (!process.isDone() && process.started.kill('SIGKILL')) kills += 1
      await process.exit
      isOver = process.isDone()
      await expectExact(`seed ${seed}`)
    }
    expect(kills).toBeGreaterThan(1)
    expect(readManifest(lake.folder).log_expired).toBeGreaterThan(0)
    await expect(logTexts(lake.log.store.read, 0, 1)).rejects.toThrow('have left the log')
  }, 300_000)
})
