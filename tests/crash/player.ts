// A player with one device, which sends one request at a time. So its balance is known exactly at
// each moment, and every answer can be compared with the one that a simple sum predicts.
import { type Actor, loginIntent, oneAtATime, type Stage, tokenOf } from './actors.ts'
import { fieldsOf } from './client.ts'
import type { Entry, Intent, Journal } from './journal.ts'
import * as send from './requests.ts'

const MOVES = {
  earn: 30,
  spend: 15,
  'spend-too-much': 10,
  adjust: 6,
  event: 12,
  'reuse-a-key': 5,
  repeat: 12,
  read: 10,
} as const
type Write = Exclude<keyof typeof MOVES, 'repeat' | 'read'>

/** How many of its settled requests it may repeat. */
const PAST_MAX = 60

/** @param operator an operator's key, for adjustments */
export function createPlayer(stage: Stage, name: string, operator: string): Actor {
  const { journal, chance } = stage
  const writing = oneAtATime(journal)
  const past: Entry[] = []
  let token: string | null = null
  let balance = 0

  const begin = (kind: Write, own: string): void => {
    const plan = planOf(kind, {
      ...{ id: stage.newId(name), name, token: own, operator, balance },
      amount: chance.integer(1, AMOUNT_MAX),
      usedKey: past.findLast(({ request }) => request.path === '/earn')?.id,
    })
    writing.begin(plan.intent, (entry) => {
      compare(journal, entry, plan)
      balance = plan.after
      if (kind === 'reuse-a-key') return
      past.push(entry)
      if (past.length > PAST_MAX) past.shift()
    })
  }

  const read: Actor['check'] = async (client) => {
    if (token === null || writing.open) return
    const answer = await journal.look(client, send.balance(token))
    const seen = fieldsOf(answer)['balance']
    if (answer !== null && answer.status < 500 && seen !== balance) {
      journal.violation(`${name}: the balance reads ${seen}, its answers come to ${balance}`)
    }
  }

  return {
    async step(client) {
      if (writing.open) return writing.attempt(client)
      if (token === null) {
        writing.begin(loginIntent(name), (entry) => {
          token = tokenOf(entry)
        })
        return writing.attempt(client)
      }
      const kind = chance.weighted(MOVES)
      if (kind === 'read') return read(client)
      if (kind === 'repeat') {
        const repeated = past[chance.integer(0, past.length - 1)]
        if (repeated) await journal.attempt(client, repeated)
        return
      }
      begin(kind, token)
      return writing.attempt(client)
    },
    isOpen: () => writing.open,
    check: read,
  }
}

type Situation = {
  readonly id: string
  readonly name: string
  readonly token: string
  readonly operator: string
  readonly balance: number
  /** 1 … AMOUNT_MAX. */
  readonly amount: number
  /** A key under which it earned before. */
  readonly usedKey: string | undefined
}

type Plan = {
  readonly intent: Intent
  /** What the balance is after it. */
  readonly after: number
  /** The body of the answer, or the code of the refusal; null where neither can be foretold. */
  readonly expected: object | string | null
}

const AMOUNT_MAX = 1_000
/** The most that one request may spend; players stay below it. */
const TOO_MUCH = 100_000

function planOf(kind: Write, now: Situation): Plan {
  const { id, name, token, operator, balance, amount } = now
  const entry = (request: Intent['request'], after: number, expected: object | string): Plan => ({
    intent: { id, effect: 'entry', request, repeatable: true },
    ...{ after, expected },
  })
  const answer = (after: number) => ({ ok: true, userId: name, amount, balance: after })
  switch (kind) {
    case 'earn':
      if (balance + amount >= TOO_MUCH) return planOf('spend', now)
      return entry(send.earn(token, id, amount, id), balance + amount, answer(balance + amount))
    case 'spend':
      if (amount > balance) return planOf('earn', now)
      return entry(send.spend(token, id, amount, id), balance - amount, answer(balance - amount))
    case 'adjust': {
      const body = { userId: name, balance: amount, reason: id }
      const expected = { ok: true, userId: name, balance: amount, adjustment: amount - balance }
      return entry(send.adjust(operator, id, body), amount, expected)
    }
    case 'spend-too-much':
      return entry(send.spend(token, id, TOO_MUCH, id), balance, 'insufficient-funds')
    case 'reuse-a-key': {
      if (now.usedKey === undefined) return planOf('earn', now)
      const other = send.earn(token, now.usedKey, AMOUNT_MAX + 1, id)
      return entry(other, balance, 'idempotency-key-reused')
    }
    case 'event':
      return {
        intent: {
          ...{ id, effect: 'event', repeatable: true },
          request: send.sendEvent(token, id, id),
        },
        ...{ after: balance, expected: null },
      }
  }
}

function compare(journal: Journal, { id, verdict, answer }: Entry, { expected }: Plan): void {
  const isExpected =
    typeof expected === 'string'
      ? verdict === 'refused' && fieldsOf(answer)['code'] === expected
      : verdict === 'done' && (expected === null || answer?.body === JSON.stringify(expected))
  if (isExpected) return
  journal.violation(`${id}: answered ${answer?.body}, not ${JSON.stringify(expected)}`)
}
