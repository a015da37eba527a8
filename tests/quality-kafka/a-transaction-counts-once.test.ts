import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setUpTopics, topicNames, topicPlans } from '../../packages/server/src/kafka/kafka.ts'
import { createMemoryKafka } from '../../packages/server/src/kafka/memory.ts'
import {
  type KeptRecord,
  readStreamCounts,
  type Stored,
  sweepStreams,
} from '../../packages/server/src/quality-kafka/quality-kafka.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { ANALYTICS, type FreshAnalytics, openTestAnalytics } from '../pipeline/consumers.ts'
import { NOON, recordOf } from './made-up-log.ts'
import { createReplicas, enrichedOf, PARTITIONS, type Round, rejectedOf } from './replicas.ts'

/** A purchase on its way to Kafka; `id` of the event, `says` its contents. */
type Sale = {
  readonly id: number
  readonly player: string
  readonly transaction: string | null
  readonly amount: number
  /** Through the books, which have looked already. */
  readonly offset?: number
}

const aSale: fc.Arbitrary<Sale> = fc.record({
  id: fc.nat(5),
  player: fc.constantFrom('p0', 'p1', 'p2', 'p3'),
  transaction: fc.constantFrom('t0', 't1', 't2', null),
  amount: fc.constantFrom(1, 2),
})
/** One partition of a replica, so that batches of two players are apart or together. */
const aRound: fc.Arbitrary<Round> = fc.record({
  step: fc.constant('enrich' as const),
  replica: fc.nat(1),
  bytes: fc.constantFrom(1, 100_000),
  fate: fc.constantFrom('well' as const, 'torn' as const, 'unnoted' as const),
})

const storedOf = (app: string, { id, player, transaction, amount, offset }: Sale): Stored => ({
  ...(offset === undefined
    ? { fingerprint: `${player}${transaction}${amount}`.padStart(16, '0') }
    : { offset }),
  // An id belongs to one player, or two partitions would have to agree on it.
  ...{ app, event_id: `${player}-${id}`, event_type: 'purchase', player_id: player },
  ...{ occurred_at: NOON, sent_at: null, received_at: NOON, corrected_at: NOON, flags: [] },
  ...{ sdk: null, source: 'http' },
  event: {
    ...{ product_id: 'gems', amount_micros: amount, currency: 'USD', store: 'google' },
    ...(transaction === null ? {} : { transaction_id: transaction }),
  },
})

describe.each(ANALYTICS)("a store's transaction past the books, analytics in $name", (place) => {
  let folder: string
  let fresh: FreshAnalytics
  let analytics: Store
  let runs = 0

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'questline-'))
    fresh = await place.fresh()
    analytics = await openTestAnalytics(fresh.at)
  })
  afterAll(async () => {
    await analytics.close()
    await fresh.drop()
    rmSync(folder, { recursive: true })
  })

  const open = async () => {
    runs += 1
    const app = `game${runs}`
    const topics = topicNames(`${app}-`)
    const kafka = createMemoryKafka()
    const plan = { topics, partitions: PARTITIONS, replication: 1, retentionHours: 1 }
    await setUpTopics(kafka, topicPlans(plan))
    const replicas = createReplicas(kafka, analytics, { topics, app, rules: [] }, 2)
    return {
      replicas,
      async send(...sales: readonly Sale[]): Promise<void> {
        await kafka.produce(
          sales.map((sale) => recordOf(topics['events-raw'], storedOf(app, sale))),
        )
      },
      sold: (): readonly KeptRecord[] => [...enrichedOf(kafka, topics).values()],
      reasons: () => [...rejectedOf(kafka, topics).values()].map(({ reason }) => reason),
      async counts() {
        const rows = await readStreamCounts(analytics.read, app, 0, Number.MAX_SAFE_INTEGER)
        return rows[0] ?? { enriched: 0, rejected: 0, duplicates: 0, conflicts: 0 }
      },
    }
  }

  it('counts once, whoever works, dies or comes back, and of whichever players it comes', async () => {
    const play = async (sales: readonly Sale[], rounds: readonly Round[]): Promise<void> => {
      const { replicas, send, sold, counts } = await open()
      await send(...sales)
      await replicas.tell('split', 0, [0, 1, 2])
      await replicas.round({ step: 'split', replica: 0, bytes: 1e6, fate: 'well' })
      for (const each of [0, 1]) await replicas.tell('enrich', each, [0, 1, 2])
      for (const round of rounds) await replicas.round(round)
      await replicas.drain()

      const ids = sold().map(({ event_id }) => event_id)
      expect(new Set(ids).size).toBe(ids.length)
      const transactions = sold().flatMap(({ transaction_id: id }) => id ?? [])
      const named = sales.flatMap(({ transaction }) => transaction ?? [])
      expect(transactions.length).toBe(new Set(transactions).size)
      // None is lost either, unless its id stood for something else before.
      const { enriched, rejected, duplicates, conflicts } = await counts()
      expect(enriched + rejected + duplicates + conflicts).toBe(sales.length)
      expect(enriched).toBe(ids.length)
      const isUnique = new Set(sales.map(({ id, player }) => `${player} ${id}`)).size
      if (isUnique === sales.length) expect(new Set(transactions)).toEqual(new Set(named))
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(aSale, { minLength: 2, maxLength: 12 }),
        fc.array(aRound, { maxLength: 12 }),
        play,
      ),
      { numRuns: 60, endOnFailure: false },
    )
  }, 120_000)

  it('is a duplicate of the same player and amount, else a conflict that is kept', async () => {
    const { replicas, send, reasons, counts } = await open()
    const sale = { id: 1, player: 'p0', transaction: 't', amount: 1 }
    await send(sale)
    await replicas.drain()
    await send({ ...sale, id: 2 }, { ...sale, id: 3, amount: 2 }, { ...sale, player: 'p1' })
    await replicas.drain()
    expect(await counts()).toMatchObject({ enriched: 1, duplicates: 1, conflicts: 2, rejected: 0 })
    expect(reasons()).toEqual(['transaction-conflict', 'transaction-conflict'])
  })

  it('of two players at one moment belongs to one of them', async () => {
    for (let turn = 0; turn < 10; turn += 1) {
      const { replicas, send, sold, counts } = await open()
      const sale = { id: 1, transaction: 't', amount: 1 }
      await send({ ...sale, player: 'p0' }, { ...sale, player: 'p1' }, { ...sale, player: 'p2' })
      await replicas.tell('split', 0, [0, 1, 2])
      await replicas.round({ step: 'split', replica: 0, bytes: 1e6, fate: 'well' })
      await replicas.tell('enrich', 0, [0])
      await replicas.tell('enrich', 1, [1, 2])
      const round = { step: 'enrich', bytes: 1e6, fate: 'well' } as const
      await Promise.all([0, 1].map((replica) => replicas.round({ ...round, replica })))
      await replicas.drain()
      expect(sold()).toHaveLength(1)
      expect(await counts()).toMatchObject({ enriched: 1, conflicts: 2 })
    }
  })

  it('that was told does not take the id of its event', async () => {
    const { replicas, send, sold } = await open()
    const sale = { id: 1, player: 'p0', transaction: 't', amount: 1 }
    await send(sale, { ...sale, id: 2 }, { ...sale, id: 2, transaction: 'other' })
    await replicas.drain()
    expect(sold().map((of) => of.event_id)).toEqual(['p0-1', 'p0-2'])
  })

  it('of the books counts always, and is known from then on', async () => {
    const { replicas, send, sold, counts } = await open()
    const sale = { id: 1, player: 'p0', transaction: 't', amount: 1 }
    await send({ ...sale, offset: 1 })
    await replicas.drain()
    await send({ ...sale, id: 2 }, { ...sale, id: 3, offset: 2 })
    await replicas.drain()
    expect(sold().map((of) => of.event_id)).toEqual(['p0-1', 'p0-3'])
    expect(await counts()).toMatchObject({ enriched: 2, duplicates: 1 })
  })

  it('is forgotten with the ids of that time', async () => {
    const { replicas, send, sold } = await open()
    await send({ id: 1, player: 'p0', transaction: 't', amount: 1 })
    await replicas.drain()
    await sweepStreams(analytics, { ids: NOON + 1, refused: 0 })
    await send({ id: 2, player: 'p0', transaction: 't', amount: 1 })
    await replicas.drain()
    expect(sold()).toHaveLength(2)
  })
})
