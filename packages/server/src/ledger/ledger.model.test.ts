import { LIMITS, ProblemError } from '@questline/contracts'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { booksViolations } from '../../../../tests/books-invariants.ts'
import { anIntent, aPosting } from '../../../../tests/builders.ts'
import { DATABASES } from '../../../../tests/database.ts'
import { type BooksFixture, freshBooks } from '../../../../tests/fresh-books.ts'
import type { EntryKind, Outcome } from './ledger.ts'

type Request = {
  readonly kind: EntryKind
  readonly player: string
  readonly currency: string
  readonly amount: number
  readonly key: string | null
  /** Stands for the bytes of the body: the same request twice under one key has the same. */
  readonly body: number
}
/** What is sent at once, and how many of it one commit may hold. */
type Round = { readonly requests: readonly Request[]; readonly commitWritesMax: number }

/** The ledger as a page of a notebook: no database, no batches, one request after the other. */
function createModel() {
  const balances = new Map<string, number>()
  const answered = new Map<string, { readonly body: number; readonly answer: string }>()

  const decide = ({ kind, player, currency, amount }: Request): string => {
    if (player === 'nobody') return 'unknown-player'
    const account = `${player} ${currency}`
    const before = balances.get(account) ?? 0
    const after = { earn: before + amount, spend: before - amount, adjust: amount }[kind]
    if (after < 0) return 'insufficient-funds'
    if (after > LIMITS.balanceMax) return 'balance-limit'
    balances.set(account, after)
    return `${after - before} → ${after}`
  }

  return {
    balances,
    /** All of a round arrive while the first of them is under way. */
    round(requests: readonly Request[]): string[] {
      const underWay = new Set<string>()
      return requests.map((request) => {
        const { key, player, body } = request
        if (key === null) return decide(request)
        const scope = `${player} ${key}`
        if (underWay.has(scope)) return 'in-use'
        underWay.add(scope)
        const before = answered.get(scope)
        if (before) return before.body === body ? `again ${before.answer}` : 'key-reused'
        const answer = decide(request)
        if (answer !== 'unknown-player') answered.set(scope, { body, answer })
        return answer
      })
    },
  }
}

const PLAYERS = ['alice', 'bob', 'carol']
const CURRENCIES = ['coins', 'gems']
const amount = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 30 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: LIMITS.amountMax }) },
)
const aRequest: fc.Arbitrary<Request> = fc.record({
  kind: fc.constantFrom<EntryKind>('earn', 'earn', 'spend', 'spend', 'adjust'),
  player: fc.constantFrom(...PLAYERS, 'alice', 'nobody'),
  currency: fc.constantFrom(...CURRENCIES, 'coins'),
  amount: fc.oneof(
    { weight: 9, arbitrary: amount },
    { weight: 1, arbitrary: fc.constantFrom(LIMITS.balanceMax - 20, LIMITS.balanceMax) },
  ),
  key: fc.oneof(fc.constant(null), fc.constantFrom('k1', 'k2', 'k3', 'k4', 'k5')),
  body: fc.constantFrom(1, 1, 1, 2),
})
const aRound: fc.Arbitrary<Round> = fc.record({
  requests: fc.array(aRequest, { minLength: 1, maxLength: 12 }),
  commitWritesMax: fc.constantFrom(1, 3, 1_000),
})

const RUNS = { sqlite: 150, postgres: 25 } as const

describe.each(DATABASES)('random movements on $name', (database) => {
  let books: BooksFixture
  let run = 0
  beforeAll(async () => {
    books = await freshBooks(database)
  })
  afterAll(() => books.close())

  const textOf = (outcome: Outcome): string => {
    switch (outcome.kind) {
      case 'posted': {
        const { amount, balanceAfter } = outcome.entry
        return `${outcome.replayed ? 'again ' : ''}${amount} → ${balanceAfter}`
      }
      case 'refused':
        return `${outcome.replayed ? 'again ' : ''}${JSON.parse(outcome.refusal.body).code}`
      default:
        return outcome.kind
    }
  }

  /** Sends a round for real; `prefix` gives each run players and keys of its own. */
  const send = (prefix: string, { requests, commitWritesMax }: Round): Promise<string[]> => {
    const { ledger, inFlight } = books.withCommitsOf(commitWritesMax)
    const answers = requests.map(async ({ kind, player, currency, amount, key, body }) => {
      const playerId = `${prefix}${player}`
      const changes = { caller: playerId, body: String(body) }
      const intent = key === null ? null : anIntent(key, changes)
      const posting = aPosting({ kind, playerId, currency, amount, intent })
      return textOf(await inFlight.run(intent, () => ledger.post(posting)))
    })
    return Promise.all(
      answers.map((answer) =>
        answer.catch((error: unknown) => {
          if (error instanceof ProblemError) return 'in-use'
          throw error
        }),
      ),
    )
  }

  it('have the outcomes and the balances of a plain model', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aRound, { minLength: 1, maxLength: 6 }), async (rounds) => {
        run += 1
        const prefix = `${run}-`
        await books.addPlayers(...PLAYERS.map((player) => `${prefix}${player}`))
        const model = createModel()
        for (const round of rounds) {
          expect(await send(prefix, round)).toEqual(model.round(round.requests))
        }
        for (const player of PLAYERS) {
          for (const currency of CURRENCIES) {
            const balance = await books.ledger.balance(`${prefix}${player}`, currency)
            expect(balance).toBe(model.balances.get(`${player} ${currency}`) ?? 0)
          }
        }
      }),
      { numRuns: RUNS[database.name], interruptAfterTimeLimit: 12_000 },
    )
    // A machine that is too slow for the runs must not pass for having done none.
    expect(run).toBeGreaterThan(5)
    expect(await booksViolations(books.url)).toEqual([])
  })
})
