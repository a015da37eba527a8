import { LIMITS, ProblemError } from '@questline/contracts'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { booksViolations } from '../../../../tests/books-invariants.ts'
import { anIntent, aPosting, NOON } from '../../../../tests/builders.ts'
import { DATABASES } from '../../../../tests/database.ts'
import { type BooksFixture, freshBooks } from '../../../../tests/fresh-books.ts'
import { openTestStore } from '../../../../tests/open-store.ts'
import { inOtherProcess } from '../../../../tests/other-process.ts'
import { plainSql } from '../../../../tests/plain-sql.ts'
import { createRefusalSweep, type Intent } from '../idempotency/idempotency.ts'
import { createWriter, type Store, type Tx } from '../store/store.ts'
import { createLedger, type Outcome, type Posting } from './ledger.ts'

const DAY_MS = 86_400_000

const withStore = (store: Store) => {
  const parts = { store, monotonic: () => 0, onFatal: () => undefined }
  return { store, writer: createWriter(parts, { commitWritesMax: 1_024 }) }
}

/** The same store, but accounts are read as `wrong` says. */
const misreading = (store: Store, wrong: object): Store => ({
  ...store,
  transaction: (work) =>
    store.transaction((tx) =>
      work({
        ...tx,
        async run<R>(...[statement, tuples]: Parameters<Tx['run']>) {
          const rows = await tx.run<R>(statement, tuples)
          if (statement.name !== 'ledger.find-accounts') return rows
          return rows.map((row) => ({ ...row, ...wrong }))
        },
      }),
    ),
})

describe.each(DATABASES)('the ledger on $name', (database) => {
  let books: BooksFixture
  let count = 0
  /** Every test has a player of its own. */
  let playerId: string
  const post = (changes: Partial<Posting>): Promise<Outcome> =>
    books.ledger.post(aPosting({ playerId, ...changes }))
  const earn = (amount: number, changes: Partial<Posting> = {}) => post({ amount, ...changes })
  const spend = (amount: number, changes: Partial<Posting> = {}) =>
    post({ kind: 'spend', amount, ...changes })
  const adjust = (amount: number, changes: Partial<Posting> = {}) =>
    post({ kind: 'adjust', amount, ...changes })
  const balance = (currency = 'coins') => books.ledger.balance(playerId, currency)
  const entries = async () =>
    (await books.ledger.page(playerId, { before: null, limit: 1_000 })).entries
  const intent = (key: string, body?: string) =>
    anIntent(key, { caller: `player:${playerId}`, ...(body === undefined ? {} : { body }) })
  const addPlayer = async (id = `player-${++count}`) => {
    playerId = id
    await books.addPlayers(id)
    return id
  }
  const codeOf = (outcome: Outcome): unknown =>
    outcome.kind === 'refused' ? JSON.parse(outcome.refusal.body).code : outcome.kind

  beforeAll(async () => {
    books = await freshBooks(database)
  })
  afterEach(async () => {
    expect(await booksViolations(books.url)).toEqual([])
  })
  afterAll(() => books.close())

  it('tells everybody their own balance, however many ask at once', async () => {
    const players: string[] = []
    for (let amount = 1; amount <= 20; amount += 1) {
      players.unshift(await addPlayer())
      // Who has none stands between those who have.
      if (amount % 3 > 0) await earn(amount)
    }
    const wanted = players.map((_, i) => ((20 - i) % 3 > 0 ? 20 - i : 0))
    const told = await Promise.all(players.map((id) => books.ledger.balance(id, 'coins')))
    expect(told).toEqual(wanted)
    const other = await Promise.all(players.map((id) => books.ledger.balance(id, 'gems')))
    expect(other).toEqual(players.map(() => 0))
  })

  describe('a movement', () => {
    it('changes the balance and says what it is afterwards', async () => {
      await addPlayer()
      const entry = { playerId, amount: 30, balanceAfter: 30 }
      expect(await earn(30)).toEqual({ kind: 'posted', entry, replayed: false })
      expect(await spend(12)).toMatchObject({ entry: { amount: -12, balanceAfter: 18 } })
      expect(await adjust(100)).toMatchObject({ entry: { amount: 82, balanceAfter: 100 } })
      expect(await adjust(0)).toMatchObject({ entry: { amount: -100, balanceAfter: 0 } })
      expect(await adjust(0)).toMatchObject({ entry: { amount: 0, balanceAfter: 0 } })
      expect(await balance()).toBe(0)
    })

    it('of a player that does not exist does nothing', async () => {
      await addPlayer()
      for (const kind of ['earn', 'spend', 'adjust'] as const) {
        const nobody = { kind, playerId: `nobody-${count}`, intent: intent(`n-${kind}`) }
        expect(await post(nobody)).toEqual({ kind: 'unknown-player' })
        expect(await post(nobody)).toEqual({ kind: 'unknown-player' })
      }
      expect(await books.ledger.balance(`nobody-${count}`, 'coins')).toBe(0)
    })

    it('is kept only where the database comes to the sum that was decided', async () => {
      await addPlayer()
      await earn(30)
      for (const wrong of [{ balance: 29 }, { version: 2 }]) {
        const store = misreading(books.store, wrong)
        const ledger = createLedger({ ...books, ...withStore(store), append: books.log.append })
        await expect(ledger.post(aPosting({ playerId, amount: 1 }))).rejects.toThrow(
          'a balance moved under a writing transaction',
        )
      }
      expect(await balance()).toBe(30)
      expect(await earn(1)).toMatchObject({ entry: { balanceAfter: 31 } })
    })

    it('in one currency leaves the others alone', async () => {
      await addPlayer()
      await Promise.all([earn(5), earn(7, { currency: 'gems' }), earn(2), spend(3)])
      expect(codeOf(await spend(8, { currency: 'gems' }))).toBe('insufficient-funds')
      expect([await balance(), await balance('gems'), await balance('keys')]).toEqual([4, 7, 0])
    })

    it('takes a player and a reason of any characters and of full length', async () => {
      await addPlayer(`'"\\ {},NULL ${'👾'.repeat(240)}`)
      const reason = `${'\u{10ffff}'.repeat(490)}"\\\n\u2028'`
      const long = anIntent('k'.repeat(255), { caller: `player:${playerId}` })
      const first = await earn(1, { reason, intent: long })
      expect(await earn(1, { reason, intent: long })).toEqual({ ...first, replayed: true })
      expect((await entries())[0]).toMatchObject({ reason, key: 'k'.repeat(255) })
    })
  })

  describe('a balance', () => {
    it('never goes below zero: spending too much is refused', async () => {
      await addPlayer()
      expect(codeOf(await spend(1))).toBe('insufficient-funds')
      await earn(10)
      const refused = await spend(11)
      expect(refused).toMatchObject({ kind: 'refused', replayed: false, refusal: { status: 409 } })
      expect(refused.kind === 'refused' && JSON.parse(refused.refusal.body)).toMatchObject({
        code: 'insufficient-funds',
        detail: 'The balance is 10, 11 are needed.',
        request_id: 'r-1',
      })
      expect(await spend(10)).toMatchObject({ entry: { balanceAfter: 0 } })
    })

    it('never goes above 2^53 − 1, also when two credits meet at the edge', async () => {
      await addPlayer()
      expect(await adjust(LIMITS.balanceMax - 100_000)).toMatchObject({ kind: 'posted' })
      const outcomes = await Promise.all([earn(60_000), earn(60_000), earn(40_000), earn(1)])
      expect(outcomes.map(codeOf)).toEqual(['posted', 'balance-limit', 'posted', 'balance-limit'])
      expect(await balance()).toBe(LIMITS.balanceMax)
      expect(await spend(1)).toMatchObject({ entry: { balanceAfter: LIMITS.balanceMax - 1 } })
    })
  })

  describe('the daily cap', () => {
    const capped = (at = NOON) => ({ earnDailyMax: 100, at })

    it('holds per player, currency and UTC day', async () => {
      await addPlayer()
      const outcomes = [
        await earn(60, capped()),
        await earn(41, capped()),
        await earn(40, capped()),
        await earn(1, capped()),
        await earn(100, { ...capped(), currency: 'gems' }),
        await earn(100, capped(NOON + DAY_MS)),
        await earn(1, capped(NOON + DAY_MS)),
      ]
      const limit = 'daily-earn-limit'
      expect(outcomes.map(codeOf)).toEqual([
        ...['posted', limit, 'posted', limit],
        ...['posted', 'posted', limit],
      ])
      expect(await balance()).toBe(200)
    })

    it('holds when many earns arrive at once', async () => {
      await addPlayer()
      await Promise.all(Array.from({ length: 50 }, () => earn(7, capped())))
      expect(await balance()).toBe(98)
    })

    it('does not count what comes without a cap, and spending gives nothing back', async () => {
      await addPlayer()
      await earn(500)
      await earn(100, capped())
      await spend(550)
      expect(codeOf(await earn(1, capped()))).toBe('daily-earn-limit')
      expect(await balance()).toBe(50)
    })

    it('does not start again when the clock goes back over midnight and forth', async () => {
      await addPlayer()
      const midnight = Math.floor(NOON / DAY_MS) * DAY_MS
      await earn(100, capped(midnight + 1_000))
      for (const at of [midnight - 1_000, midnight + 2_000, midnight - 3_600_000]) {
        expect(codeOf(await earn(1, capped(at)))).toBe('daily-earn-limit')
      }
    })
  })

  describe('with an Idempotency-Key', () => {
    it('the first time commits entry, balance, event and key together (K3)', async () => {
      await addPlayer()
      const named = intent('first')
      await earn(10, { intent: named, reason: 'quest' })
      const id = playerId.replaceAll("'", "''")
      const [row] = await plainSql(
        books.url,
        `SELECT l.key_scope, l.fingerprint, l.balance_after, b.balance, e.payload
        FROM ledger_entries l JOIN balances b ON b.player_id = l.player_id
        JOIN event_log e ON e.log_offset = l.entry_id WHERE l.player_id = '${id}'`,
      )
      expect(row).toEqual({
        key_scope: named.scope,
        fingerprint: named.fingerprint,
        balance_after: 10n,
        balance: 10n,
        payload: '{"amount":10,"currency":"coins","balance":10,"reason":"quest"}',
      })
    })

    it('a repeat has no effect and gets the first outcome, whatever happened since (K4)', async () => {
      await addPlayer()
      const named = { intent: intent('again') }
      const first = await earn(10, named)
      await spend(4)
      expect(await earn(10, named)).toEqual({ ...first, replayed: true })
      expect(await balance()).toBe(6)
      expect(await entries()).toHaveLength(2)
    })

    it('another request under it has no effect, and the first stays replayable (K6)', async () => {
      await addPlayer()
      const first = await earn(10, { intent: intent('one') })
      expect(await earn(99, { intent: intent('one', '{"amount":99}') })).toEqual({
        kind: 'key-reused',
      })
      expect(await earn(10, { intent: intent('one') })).toEqual({ ...first, replayed: true })
      expect(await balance()).toBe(10)
    })

    it('a refusal is remembered byte for byte, also when it would succeed by now (K8)', async () => {
      await addPlayer()
      const poor = { intent: intent('poor'), requestId: 'r-first' }
      const refused = await spend(10, poor)
      await earn(50)
      expect(await spend(10, { ...poor, requestId: 'r-second' })).toEqual({
        ...refused,
        replayed: true,
      })
      expect(await spend(5, { intent: intent('poor', '{"amount":5}') })).toEqual({
        kind: 'key-reused',
      })
      expect(await balance()).toBe(50)
      expect(await spend(10, { intent: intent('rich') })).toMatchObject({ kind: 'posted' })
    })

    it('a failure before the commit takes the key with it, and the retry executes (K9)', async () => {
      await addPlayer()
      let failures = 2
      const ledger = createLedger({
        ...books,
        append: async (tx, events) => {
          const offset = await books.log.append(tx, events)
          if (failures-- > 0) throw new Error('a bug after the event was written')
          return offset
        },
      })
      const posting = aPosting({ playerId, intent: intent('bug') })
      await expect(ledger.post(posting)).rejects.toThrow('a bug')
      await expect(ledger.post(posting)).rejects.toThrow('a bug')
      expect(await balance()).toBe(0)
      expect(await ledger.post(posting)).toMatchObject({ kind: 'posted', replayed: false })
      expect(await ledger.post(posting)).toMatchObject({ kind: 'posted', replayed: true })
    })

    it('a restarted server knows it (K10)', async () => {
      await addPlayer()
      const named = { intent: intent('before the crash') }
      const first = await earn(10, named)
      const store = openTestStore(books.url)
      const writer = createWriter(
        { store, monotonic: () => 0, onFatal: () => undefined },
        { commitWritesMax: 10 },
      )
      const restarted = createLedger({ store, writer, append: books.log.append })
      expect(await restarted.post(aPosting({ playerId, ...named }))).toEqual({
        ...first,
        replayed: true,
      })
      await store.close()
    })

    it('the same key of another caller or on another route is another intent (K11, K12)', async () => {
      const other = await addPlayer()
      await addPlayer()
      const intents = [
        anIntent('same', { caller: `player:${playerId}` }),
        anIntent('same', { caller: `player:${other}` }),
        anIntent('same', { caller: `player:${playerId}`, route: '/spend' }),
      ]
      for (const each of intents) {
        expect(await earn(1, { intent: each })).toMatchObject({ kind: 'posted', replayed: false })
      }
      expect(await balance()).toBe(3)
    })

    it('the effect outlives the remembered answers; a refusal does not (K13, K14)', async () => {
      await addPlayer()
      const first = await earn(10, { intent: intent('effect') })
      const refused = () => spend(11, { intent: intent('refusal') })
      expect(codeOf(await refused())).toBe('insufficient-funds')
      let passed = 0
      const sweep = createRefusalSweep(
        { store: books.store, clock: { now: () => NOON + passed, monotonic: () => passed } },
        { answersKeptMs: DAY_MS },
      )
      passed = 2 * DAY_MS
      await sweep()
      expect(await earn(10, { intent: intent('effect') })).toEqual({ ...first, replayed: true })
      expect(await earn(9, { intent: intent('effect', '{}') })).toEqual({ kind: 'key-reused' })
      await earn(1)
      expect(await refused()).toMatchObject({ kind: 'posted', replayed: false })
      expect(await balance()).toBe(0)
    })

    it('fifty equal requests at once have one effect, each answered with it or "in use" (K16)', async () => {
      await addPlayer()
      const posting = aPosting({ playerId, intent: intent('storm') })
      const answers = await Promise.all(
        Array.from({ length: 50 }, () =>
          books.inFlight
            .run(posting.intent, () => books.ledger.post(posting))
            .catch((error: unknown) => {
              if (error instanceof ProblemError) return error.code
              throw error
            }),
        ),
      )
      const original = { playerId, amount: 10, balanceAfter: 10 }
      const posted = { kind: 'posted', entry: original, replayed: false }
      expect(answers.filter((answer) => answer !== 'idempotency-key-in-use')).toEqual([posted])
      expect(await balance()).toBe(10)
      const retry = await books.inFlight.run(posting.intent, () => books.ledger.post(posting))
      expect(retry).toMatchObject({ entry: original, replayed: true })
    })

    it('fifty equal requests that meet in one commit have one effect too', async () => {
      await addPlayer()
      const same = { intent: intent('unguarded') }
      const posted = await Promise.all(Array.from({ length: 50 }, () => earn(10, same)))
      expect(posted.filter((outcome) => 'replayed' in outcome && !outcome.replayed)).toHaveLength(1)
      for (const outcome of posted) expect(outcome).toMatchObject({ entry: { balanceAfter: 10 } })
      const poor = { intent: intent('unguarded refusal') }
      const refused = await Promise.all(Array.from({ length: 50 }, () => spend(11, poor)))
      const bodies = refused.map((o) => (o.kind === 'refused' ? o.refusal.body : o.kind))
      expect(new Set(bodies).size).toBe(1)
      expect(await balance()).toBe(10)
    })
  })

  describe('many at once', () => {
    it('2,000 earns of 1 on one player are exactly 2,000', async () => {
      await addPlayer()
      const outcomes = await Promise.all(Array.from({ length: 2_000 }, () => earn(1)))
      expect(new Set(outcomes.map(codeOf))).toEqual(new Set(['posted']))
      expect(await balance()).toBe(2_000)
      const after = outcomes.map((o) => (o.kind === 'posted' ? o.entry.balanceAfter : 0))
      expect(after).toEqual(Array.from({ length: 2_000 }, (_, i) => i + 1))
    })

    it('two processes on one player lose nothing', async () => {
      await addPlayer()
      const other = await inOtherProcess(books.url, { kind: 'earn', playerId, times: 300 })
      const mine = books.withCommitsOf(7).ledger
      await Promise.all(
        Array.from({ length: 300 }, () => mine.post(aPosting({ playerId, amount: 1 }))),
      )
      await other.done()
      expect(await balance()).toBe(600)
    })

    it('earns and spends in any mixture never take a balance below zero', async () => {
      await addPlayer()
      const amounts = Array.from({ length: 600 }, (_, i) => ((i * 7_919) % 23) - 11 || 1)
      const outcomes = await Promise.all(
        amounts.map((amount) => (amount > 0 ? earn(amount) : spend(-amount))),
      )
      const kinds = new Set(outcomes.map(codeOf))
      expect(kinds).toEqual(new Set(['posted', 'insufficient-funds']))
      const sum = amounts.reduce((s, a, i) => (outcomes[i]?.kind === 'posted' ? s + a : s), 0)
      expect(await balance()).toBe(sum)
    })

    it('a group of every kind gives each its own outcome', async () => {
      await addPlayer()
      const kept: { intent: Intent } = { intent: intent('kept') }
      await earn(10, kept)
      const outcomes = await Promise.all([
        spend(3),
        earn(10, kept),
        post({ playerId: 'nobody' }),
        spend(99, { intent: intent('too much') }),
        earn(10, { intent: intent('kept', 'x') }),
        adjust(1_000),
        spend(1_000, { intent: intent('all') }),
      ])
      expect(outcomes.map(codeOf)).toEqual([
        ...['posted', 'posted', 'unknown-player', 'insufficient-funds'],
        ...['key-reused', 'posted', 'posted'],
      ])
      expect(await balance()).toBe(0)
    })
  })

  describe('what can be read', () => {
    it('the wallet has every currency that ever moved, in the order of their characters', async () => {
      await addPlayer()
      for (const currency of ['gems', 'a_c', 'ab', 'a1']) await earn(3, { currency })
      await spend(3, { currency: 'ab' })
      expect(await books.ledger.wallet(playerId)).toEqual([
        { currency: 'a1', balance: 3 },
        { currency: 'a_c', balance: 3 },
        { currency: 'ab', balance: 0 },
        { currency: 'gems', balance: 3 },
      ])
      expect(await books.ledger.wallet('nobody')).toEqual([])
    })

    it('pages are newest first, each entry once, and the last page says so', async () => {
      await addPlayer()
      for (let i = 1; i <= 7; i += 1) {
        const named = i === 3 ? { intent: intent('third') } : {}
        await earn(i, { ...named, at: NOON + Math.floor(i / 3), reason: `no ${i}` })
      }
      const other = playerId
      await addPlayer()
      await earn(1_000)
      playerId = other
      const seen: number[] = []
      let before: Parameters<typeof books.ledger.page>[1]['before'] = null
      let pages = 0
      do {
        const page = await books.ledger.page(playerId, { before, limit: 3 })
        seen.push(...page.entries.map(({ amount }) => amount))
        before = page.next
        pages += 1
      } while (before !== null)
      expect({ seen, pages }).toEqual({ seen: [7, 6, 5, 4, 3, 2, 1], pages: 3 })
      const third = (await entries()).find(({ amount }) => amount === 3)
      expect(third).toEqual({
        id: expect.any(Number),
        kind: 'earn',
        currency: 'coins',
        amount: 3,
        balanceAfter: 6,
        reason: 'no 3',
        key: 'third',
        createdAt: NOON + 1,
      })
    })

    it('a page that ends with the last entry has no next one', async () => {
      await addPlayer()
      for (let i = 0; i < 4; i += 1) await earn(1)
      const page = await books.ledger.page(playerId, { before: null, limit: 4 })
      expect([page.entries.length, page.next]).toEqual([4, null])
    })

    it('a page of who never moved anything looks at none of its events', async () => {
      await addPlayer()
      const asked: string[] = []
      const store: Store = {
        ...books.store,
        read: (statement, values) => {
          asked.push(statement.name)
          return books.store.read(statement, values)
        },
      }
      const ledger = createLedger({ store, writer: books.writer, append: books.log.append })
      const page = { before: null, limit: 10 }
      expect(await ledger.page(playerId, page)).toEqual({ entries: [], next: null })
      expect(asked).toEqual(['ledger.wallet'])
      await earn(1)
      expect((await ledger.page(playerId, page)).entries).toHaveLength(1)
    })
  })
})
