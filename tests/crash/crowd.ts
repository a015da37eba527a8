// Many who write to one account at once, with keys and without: nobody can say what its balance is,
// only that nothing answered is missing from it.
import { type Actor, loginIntent, oneAtATime, type Stage, tokenOf } from './actors.ts'
import { fieldsOf } from './client.ts'
import type { Intent } from './journal.ts'
import * as send from './requests.ts'

const DEEDS = {
  earn: 55,
  'earn-without-key': 20,
  event: 10,
  'event-without-key': 10,
  read: 5,
} as const

export function createCrowd(stage: Stage, name: string, size: number): Actor[] {
  const { journal, chance } = stage
  const account = { token: null as string | null, earned: 0 }

  const read: Actor['check'] = async (client) => {
    if (account.token === null) return
    const { earned } = account
    const answer = await journal.look(client, send.balance(account.token))
    const seen = Number(fieldsOf(answer)['balance'])
    if (answer !== null && answer.status < 500 && !(seen >= earned)) {
      journal.violation(`${name}: the balance reads ${seen}, ${earned} were acknowledged before`)
    }
  }

  const member = (position: number): Actor => {
    const writing = oneAtATime(journal)
    const begin = (kind: Exclude<keyof typeof DEEDS, 'read'>, token: string): void => {
      const id = stage.newId(name)
      const isKeyed = kind === 'earn' || kind === 'event'
      const key = isKeyed ? id : null
      const amount = chance.integer(1, 9)
      const earns = kind === 'earn' || kind === 'earn-without-key'
      const request = earns ? send.earn(token, key, amount, id) : send.sendEvent(token, key, id)
      const effect: Intent['effect'] = earns ? 'entry' : 'event'
      writing.begin({ id, effect, request, repeatable: isKeyed }, (entry, verdict) => {
        if (verdict !== 'done') journal.violation(`${id}: refused with ${entry.answer?.body}`)
        else if (earns) account.earned += amount
      })
    }
    return {
      async step(client) {
        if (writing.open) return writing.attempt(client)
        const { token } = account
        if (token === null) {
          // One of them brings the account into being, the others wait for it.
          if (position > 0) return
          writing.begin(loginIntent(name), (entry) => {
            account.token = tokenOf(entry)
          })
          return writing.attempt(client)
        }
        const kind = chance.weighted(DEEDS)
        if (kind === 'read') return read(client)
        begin(kind, token)
        return writing.attempt(client)
      },
      isOpen: () => writing.open,
      check: position === 0 ? read : async () => undefined,
    }
  }
  return Array.from({ length: size }, (_, position) => member(position))
}
