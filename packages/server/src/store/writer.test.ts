import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DATABASES, type FreshDatabase } from '../../../../tests/database.ts'
import { openTestStore } from '../../../../tests/open-store.ts'
import { plainSql } from '../../../../tests/plain-sql.ts'
import { systemClock } from '../platform/platform.ts'
import {
  createWriter,
  insertStatement,
  migrate,
  type Store,
  StoreFailure,
  type Work,
  type Writer,
  type WriterStats,
} from './store.ts'

const INSERT = insertStatement('writer.insert', 'api_keys', {
  key_id: 'text',
  scope: 'text',
  secret_hash: 'bytea',
  created_at: 'bigint',
})

/** Writes one row per input and answers with the input's length; throws for an input `bad…`. */
const writeNames = (name: string): Work<string, number> => ({
  name,
  async apply(tx, inputs) {
    for (const input of inputs) if (input.startsWith('bad')) throw new Error(`${input} is bad`)
    await tx.run(
      INSERT,
      inputs.map((input) => [input, name, new Uint8Array(1), 0]),
    )
    return inputs.map((input) => input.length)
  },
})
const NAMES = writeNames('names')
const OTHERS = writeNames('others')

const settled = (results: readonly Promise<unknown>[]): Promise<string[]> =>
  Promise.all(
    results.map((result) =>
      result.then(
        (value) => String(value),
        (error: unknown) => (error instanceof StoreFailure ? error.kind : String(error)),
      ),
    ),
  )

describe.each(DATABASES)('group commit on $name', ({ fresh: freshDatabase }) => {
  let fresh: FreshDatabase
  let store: Store
  /** What the next transactions do instead of committing: a failure, or null to commit. */
  let faults: (StoreFailure | null)[]
  let attempts: number
  let fatals: StoreFailure[]
  let commitSizes: number[]

  const aWriter = (commitWritesMax = 1_000): Writer =>
    createWriter(
      {
        store: {
          ...store,
          async transaction(work) {
            attempts += 1
            const fault = faults.shift()
            if (fault) throw fault
            return store.transaction(work)
          },
        },
        monotonic: systemClock.monotonic,
        onFatal: (error) => fatals.push(error),
        onCommit: (writes) => commitSizes.push(writes),
      },
      { commitWritesMax },
    )
  const written = async () =>
    (await plainSql(fresh.url, 'SELECT key_id FROM api_keys')).map((row) => row['key_id']).sort()
  const counts = ({ commits, committed }: WriterStats) => ({ commits, committed })

  beforeAll(async () => {
    fresh = await freshDatabase()
    store = openTestStore(fresh.url)
    await migrate(store, () => 0)
  })
  beforeEach(async () => {
    await plainSql(fresh.url, 'DELETE FROM api_keys')
    faults = []
    attempts = 0
    fatals = []
    commitSizes = []
  })
  afterAll(async () => {
    await store.close()
    await fresh.drop()
  })

  it('puts writes that arrive together into one commit, and answers each with its own output', async () => {
    const writer = aWriter()
    const names = Array.from({ length: 100 }, (_, i) => 'x'.repeat(i + 1))
    expect(await Promise.all(names.map((name) => writer.submit(NAMES, name)))).toEqual(
      names.map((name) => name.length),
    )
    expect(attempts).toBe(1)
    expect(commitSizes).toEqual([100])
    expect(counts(writer.stats())).toEqual({ commits: 1, committed: 100 })
    expect(await written()).toHaveLength(100)
  })

  it('gives each its output also when kinds are mixed', async () => {
    const writer = aWriter()
    const kinds = [NAMES, OTHERS, OTHERS, NAMES, OTHERS]
    const outputs = await Promise.all(
      kinds.map((work, i) => writer.submit(work, `${work.name}${'-'.repeat(i)}`)),
    )
    expect(outputs).toEqual([5, 7, 8, 8, 10])
    expect(attempts).toBe(1)
  })

  it('collects what arrives during a commit into the next one', async () => {
    const writer = aWriter()
    const rest: Promise<number>[] = []
    const first: Work<string, number> = {
      name: 'first',
      async apply(tx, inputs) {
        for (const name of ['a', 'b', 'c']) rest.push(writer.submit(NAMES, name))
        return NAMES.apply(tx, inputs)
      },
    }
    await writer.submit(first, 'first')
    await Promise.all(rest)
    expect(commitSizes).toEqual([1, 3])
  })

  it('waits longer for others after a commit that took long, so that its commits grow', async () => {
    let nowMs = 0
    const slow: Store = {
      ...store,
      async transaction(work) {
        const result = await store.transaction(work)
        nowMs += 150
        return result
      },
    }
    const writer = createWriter(
      {
        store: slow,
        monotonic: () => nowMs,
        onFatal: (error) => fatals.push(error),
        onCommit: (writes) => commitSizes.push(writes),
      },
      { commitWritesMax: 1_000 },
    )
    await writer.submit(NAMES, 'first')
    const arriving: Promise<number>[] = []
    for (let i = 0; i < 40; i += 1) {
      arriving.push(writer.submit(NAMES, `n${i}`))
      await new Promise(setImmediate)
      nowMs += 1
    }
    await Promise.all(arriving)
    expect(commitSizes).toEqual([1, 40])
  })

  it('commits one write at a time when told so', async () => {
    const writer = aWriter(1)
    await Promise.all(['a', 'b', 'c'].map((name) => writer.submit(NAMES, name)))
    expect(commitSizes).toEqual([1, 1, 1])
    expect(counts(writer.stats())).toEqual({ commits: 3, committed: 3 })
  })

  it('lets answers leave between two commits', async () => {
    const writer = aWriter(2)
    const commitsAtAnswer: number[] = []
    const answers = Array.from({ length: 6 }, async (_, i) => {
      await writer.submit(NAMES, `n${i}`)
      await new Promise(setImmediate)
      commitsAtAnswer.push(writer.stats().commits)
    })
    await Promise.all(answers)
    expect(commitsAtAnswer).toEqual([1, 1, 2, 2, 3, 3])
  })

  it('never puts more into a commit than the limit', async () => {
    const writer = aWriter(4)
    await Promise.all(Array.from({ length: 10 }, (_, i) => writer.submit(NAMES, `n${i}`)))
    expect(commitSizes).toEqual([4, 4, 2])
  })

  it('counts a heavy write by its weight, and lets one that is heavier than a commit go alone', async () => {
    const heavy: Work<string, number> = { ...NAMES, weigh: (name) => name.length }
    const writer = aWriter(4)
    const names = ['a', 'bb', 'cc', 'dddddddd', 'e', 'fff', 'g']
    await Promise.all(names.map((name) => writer.submit(heavy, name)))
    expect(commitSizes).toEqual([2, 1, 1, 2, 1])
  })

  it.each(['bad input', 'n7'])('a write that fails (%s) fails alone', async (failing) => {
    const writer = aWriter()
    const names = Array.from({ length: 64 }, (_, i) => (i === 40 ? failing : `n${i}`))
    const outcomes = await settled(names.map((name) => writer.submit(NAMES, name)))
    const wrong = failing === 'n7' ? 'bug' : 'Error: bad input is bad'
    expect(outcomes).toEqual(names.map((name, i) => (i === 40 ? wrong : String(name.length))))
    expect(await written()).toEqual(names.filter((_, i) => i !== 40).sort())
    expect(writer.stats().committed).toBe(63)
    // One culprit in 64 costs the halves around it, not 64 commits.
    expect(attempts).toBeLessThanOrEqual(13)
  })

  it('rejects all writes of a commit while the database is away, and works again afterwards', async () => {
    const writer = aWriter()
    faults = [new StoreFailure('unavailable', 'gone')]
    const outcomes = await settled(['a', 'b'].map((name) => writer.submit(NAMES, name)))
    expect(outcomes).toEqual(['unavailable', 'unavailable'])
    expect({ attempts, commitSizes, fatals }).toEqual({ attempts: 1, commitSizes: [], fatals: [] })
    expect(counts(writer.stats())).toEqual({ commits: 0, committed: 0 })
    expect(await writer.submit(NAMES, 'again')).toBe(5)
    expect(await written()).toEqual(['again'])
  })

  it('after a fatal failure says so once and acknowledges nothing any more', async () => {
    const writer = aWriter(2)
    faults = [null, new StoreFailure('fatal', 'disk'), null, new StoreFailure('fatal', 'disk')]
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    const outcomes = await settled(names.map((name) => writer.submit(NAMES, name)))
    expect(outcomes).toEqual(['1', '1', ...Array(5).fill('fatal')])
    expect(await settled([writer.submit(NAMES, 'later')])).toEqual(['fatal'])
    await writer.drain()
    expect(fatals).toHaveLength(1)
    expect(await written()).toEqual(['a', 'b'])
  })

  it('leaves nobody waiting when the failure turns fatal while a culprit is looked for', async () => {
    const writer = aWriter()
    faults = [null, new StoreFailure('fatal', 'disk')]
    const outcomes = await settled(['a', 'bad', 'c', 'd'].map((n) => writer.submit(NAMES, n)))
    expect(outcomes).toEqual(['fatal', 'fatal', 'fatal', 'fatal'])
    expect(await written()).toEqual([])
  })

  it('drains: resolves when everything submitted before is answered', async () => {
    const writer = aWriter(2)
    await writer.drain()
    let answered = 0
    const count = () => {
      answered += 1
    }
    for (const name of ['a', 'b', 'c', 'd', 'bad']) {
      writer.submit(NAMES, name).then(count, count)
    }
    await writer.drain()
    expect(answered).toBe(5)
    expect(await written()).toEqual(['a', 'b', 'c', 'd'])
  })

  it('knows how many wait and for how long', async () => {
    const writer = aWriter()
    expect(writer.stats()).toEqual({ depth: 0, oldestMs: 0, commits: 0, committed: 0 })
    const writes = ['a', 'b', 'c'].map((name) => writer.submit(NAMES, name))
    expect(writer.stats().depth).toBe(3)
    const started = systemClock.monotonic()
    while (systemClock.monotonic() - started < 5);
    expect(writer.stats().oldestMs).toBeGreaterThanOrEqual(5)
    await Promise.all(writes)
    expect(writer.stats()).toMatchObject({ depth: 0, oldestMs: 0 })
  })
})
