import type { Seat } from './seat.ts'
import type { Answer, Call } from './wire.ts'

const REASONS = ['daily bonus', 'level complete', 'quest reward', 'lucky chest'] as const
const WARES = ['sword', 'potion', 'extra life', 'golden hat'] as const
const HAPPENINGS = ['level_start', 'level_complete', 'tutorial_step', 'shop.opened'] as const

const AT_ONCE = 5

export async function earn(seat: Seat): Promise<void> {
  const { dice, tally, expect, say } = seat
  const amount = dice.between(1, 500)
  const key = dice.text(16)
  const body = { amount, reason: dice.pick(REASONS) }
  const answer = await seat.post('/earn', body, key)
  tally.earns += 1
  expect.same(say(`earns ${amount}`), answer.body, move(seat, amount))
  if (dice.chance(0.4)) await retry(seat, '/earn', body, key, answer)
  if (dice.chance(0.15)) await reuse(seat, key, amount)
}

/** What there is, or more than that. */
export async function spend(seat: Seat): Promise<void> {
  const { dice, tally, expect, own, say } = seat
  const tooMuch = own.balance === 0 || dice.chance(0.25)
  const amount = tooMuch ? own.balance + dice.between(1, 500) : dice.between(1, own.balance)
  const key = dice.text(16)
  const body = { amount, reason: dice.pick(WARES) }
  const answer = await seat.post('/spend', body, key)
  const what = say(`spends ${amount} of ${own.balance}`)
  if (tooMuch) {
    tally.refusedSpends += 1
    expect.answered(what, answer, 409, 'insufficient-funds')
  } else {
    tally.spends += 1
    expect.same(what, answer.body, move(seat, -amount))
  }
  if (dice.chance(0.3)) await retry(seat, '/spend', body, key, answer)
}

/** A phone in a tunnel sends the same request several times at once. One of them counts. */
export async function earnAtOnce(seat: Seat): Promise<void> {
  const { dice, tally, expect, say } = seat
  const amount = dice.between(1, 100)
  const call: Call = {
    ...{ method: 'POST', path: '/earn', token: seat.token, key: dice.text(16) },
    body: { amount, reason: dice.pick(REASONS) },
  }
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => seat.wire.send(call)))
  tally.earns += 1
  tally.simultaneous += AT_ONCE
  const moved = move(seat, amount)
  const done = answers.filter(({ status }) => status === 200)
  expect.same(say('is heard when it sends one earn five times at once'), done.length > 0, true)
  for (const { body } of done) expect.same(say('earns once, sent five times'), body, moved)
  for (const answer of answers.filter(({ status }) => status !== 200)) {
    const what = say('sends an earn while the same is under way')
    expect.answered(what, answer, 409, 'idempotency-key-in-use')
  }
}

export async function logEvent(seat: Seat): Promise<void> {
  const { dice, tally, expect, own, say } = seat
  const key = dice.chance(0.5) ? dice.text(16) : undefined
  const body = {
    eventType: dice.pick(HAPPENINGS),
    meta: JSON.stringify({ level: dice.between(1, 99), score: dice.between(0, 9_999) }),
  }
  const answer = await seat.post('/event', body, key)
  tally.events += 1
  own.events += 1
  expect.answered(say(`logs ${body.eventType}`), answer, 200)
  if (key !== undefined && dice.chance(0.3)) await retry(seat, '/event', body, key, answer)
}

/** Enters a movement in the own books, and returns what the server must answer to it. */
function move({ own, tally, userId }: Seat, by: number) {
  own.balance += by
  own.movements += 1
  own.events += 1
  if (by > 0) tally.coinsEarned += by
  else tally.coinsSpent -= by
  return { ok: true, userId, amount: Math.abs(by), balance: own.balance }
}

/** As after an answer that got lost: nothing happens twice, and the answer is the first one. */
async function retry(seat: Seat, path: string, body: unknown, key: string, first: Answer) {
  const { expect, tally, say } = seat
  const again = await seat.post(path, body, key)
  tally.retries += 1
  const what = say(`repeats ${path} under its key`)
  expect.same(what, [again.status, again.text], [first.status, first.text])
  expect.same(`${what} and is told so`, again.replayed, true)
}

async function reuse(seat: Seat, key: string, amount: number): Promise<void> {
  const { expect, tally, say } = seat
  const answer = await seat.post('/earn', { amount: amount + 1 }, key)
  tally.reusedKeys += 1
  const what = say('sends another request under a used key')
  expect.answered(what, answer, 422, 'idempotency-key-reused')
}
