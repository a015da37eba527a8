import { earn, earnAtOnce, logEvent, spend } from './moves.ts'
import type { Identity, Seat, Table } from './seat.ts'
import type { Answer } from './wire.ts'

export type Player = Identity & {
  /** One thing that players do, chosen by the dice. */
  turn(): Promise<void>
  /** Somebody else sent an event of this player. */
  noteEvent(): void
  /** Compares what the server has with the player's own books. */
  settle(): Promise<void>
}

export function createPlayer(table: Table, identity: Identity): Player {
  const { wire, dice } = table
  const { userId, token } = identity
  const seat: Seat = {
    ...table,
    ...identity,
    own: { balance: 0, movements: 0, events: 0 },
    post: (path, body, key) => wire.send({ method: 'POST', path, token, key, body }),
    say: (what) => `${userId} ${what}`,
  }
  return {
    ...identity,
    turn: () => dice.pick([earn, earn, earn, spend, spend, logEvent, logEvent, earnAtOnce])(seat),
    noteEvent: () => {
      seat.own.events += 1
    },
    settle: () => settle(seat),
  }
}

async function settle({ wire, expect, own, userId, token, say }: Seat): Promise<void> {
  const get = async (path: string) => (await wire.send({ method: 'GET', path, token })).body

  const balance = await get('/balance')
  expect.same(say('reads the balance'), balance, { userId, balance: own.balance })

  const ledger = listOf(await get('/ledger?limit=1000'), 'entries', 'amount')
  expect.same(say('counts the ledger entries'), ledger.length, own.movements)
  expect.same(say('adds up the ledger'), sum(ledger), own.balance)

  const { total } = await get('/events?limit=1')
  expect.same(say('counts the events'), total, own.events)

  const stats = listOf(await get('/stats'), 'stats', 'count')
  expect.same(say('adds up the statistics'), sum(stats), own.events)
}

/** `field` of each object in the list `name` of an answer. */
function listOf(body: Answer['body'], name: string, field: string): number[] {
  const list: unknown = body[name]
  if (!Array.isArray(list)) return []
  return list.map((one: Readonly<Record<string, unknown>>) => Number(one[field]))
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
