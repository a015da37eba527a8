// A game that sends its players' events in batches, each until it has an answer, with the same ids.
import { randomUUID } from 'node:crypto'
import { type Actor, oneAtATime, type Stage } from './actors.ts'
import { type Answer, fieldsOf } from './client.ts'
import type { Entry, Verdict } from './journal.ts'
import { sendBatch } from './requests.ts'

const EVENTS_MAX = 6
const PAST_MAX = 30

export function createGame({ journal, chance, newId }: Stage, key: string): Actor {
  const writing = oneAtATime(journal)
  const past: Entry[] = []

  const begin = (): void => {
    const size = chance.integer(1, EVENTS_MAX)
    // Its size stands in its name, so that a part of it that is missing shows.
    const id = `${newId('batch')}/${size}`
    const events = Array.from({ length: size }, (_, n) =>
      anEvent(id, n, n === 0 || chance.next() < 0.3),
    )
    // One that is refused spoils nothing, and is written by the same commit with its number.
    const bad = chance.next() < 0.4 ? [{ event_type: 'install', device_id: id, seq: 1 }] : []
    writing.begin(
      {
        ...{ id, effect: 'batch', repeatable: true },
        request: sendBatch(key, [...bad, ...events]),
        judge: (answer, sent) => judge(answer, sent, bad.length),
      },
      (entry, verdict) => {
        if (verdict !== 'done') journal.violation(`${id}: answered ${entry.answer?.body}`)
        past.push(entry)
        if (past.length > PAST_MAX) past.shift()
      },
    )
  }

  return {
    async step(client) {
      const known = past[chance.integer(0, past.length - 1)]
      if (!writing.open && known !== undefined && chance.next() < 0.2) {
        const verdict = await journal.attempt(client, known)
        if (verdict === 'refused') journal.violation(`${known.id}: its repeat was not a duplicate`)
        return
      }
      if (!writing.open) begin()
      await writing.attempt(client)
    },
    isOpen: () => writing.open,
    check: async () => undefined,
  }
}

/** A batch is one commit: all of it is new, or, once it may have come before, all of it is known. */
function judge(answer: Answer, sent: number, bad: number): Verdict {
  if (answer.status >= 500) return 'open'
  const { results } = fieldsOf(answer)
  if (answer.status !== 200 || !Array.isArray(results)) return 'refused'
  const statuses = results.map(({ status }) => String(status))
  const good = new Set(statuses.slice(bad))
  const isRight = good.has('accepted') || (good.has('duplicate') && sent > 1)
  const isBadOne = statuses.slice(0, bad).every((status) => status === 'rejected')
  return good.size === 1 && isRight && isBadOne ? 'done' : 'refused'
}

const anEvent = (mark: string, n: number, isPurchase: boolean) => ({
  event_id: randomUUID(),
  occurred_at: '2026-03-01T12:00:00Z',
  player_id: 'player1',
  platform: 'ios',
  properties: { mark },
  ...(isPurchase
    ? {
        ...{ event_type: 'purchase', product_id: 'gems', quantity: 1, amount_micros: 4_990_000 },
        ...{ currency: 'EUR', transaction_id: `${mark}:${n}`, store: 'apple' },
      }
    : { event_type: 'progression', status: 'complete', level: String(n) }),
})
