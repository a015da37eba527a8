// What comes from outside of the game: clicks, postbacks, registrations, and sessions that begin,
// go on and end.
import { type Actor, loginIntent, oneAtATime, type Stage, tokenOf } from './actors.ts'
import { fieldsOf } from './client.ts'
import type { Entry, Intent } from './journal.ts'
import * as send from './requests.ts'

/** A click has no key: one that was not answered is there, or not. */
export function createClicker({ journal, newId }: Stage): Actor {
  return repeating(journal, () => {
    const id = newId('click')
    return { id, effect: 'deeplink', request: send.track(id), repeatable: false }
  })
}

/** The network sends a postback again until it has an answer, and now and then one that had it. */
export function createAdNetwork({ journal, newId, chance }: Stage, secret: string): Actor {
  const past: Entry[] = []
  const sending = repeating(
    journal,
    () => {
      const id = newId('postback')
      const request = send.postback(secret, id, 'a_player')
      return { id, effect: 'postback', request, repeatable: true }
    },
    (entry) => void past.push(entry),
  )
  return {
    ...sending,
    async step(client) {
      const known = past[chance.integer(0, past.length - 1)]
      const isRepeat = !sending.isOpen() && known !== undefined && chance.next() < 0.25
      await (isRepeat ? journal.attempt(client, known) : sending.step(client))
    },
  }
}

/** A name that is taken the second time was given to this very request the first time. */
export function createNewcomer({ journal, newId }: Stage): Actor {
  return repeating(journal, () => {
    const id = newId('member')
    return {
      ...{ id, effect: 'member', request: send.register(id), repeatable: true },
      judge: ({ status }, sent) =>
        status === 201 || (status === 409 && sent > 1) ? 'done' : status < 500 ? 'refused' : 'open',
    }
  })
}

function repeating(
  journal: Stage['journal'],
  next: () => Intent,
  settled: (entry: Entry) => void = () => undefined,
): Actor {
  const writing = oneAtATime(journal)
  return {
    step(client) {
      if (!writing.open) {
        writing.begin(next(), (entry, verdict) => {
          if (verdict !== 'done') {
            journal.violation(`${entry.id}: refused with ${entry.answer?.body}`)
          }
          settled(entry)
        })
      }
      return writing.attempt(client)
    },
    isOpen: () => writing.open,
    check: async () => undefined,
  }
}

type Tokens = { readonly token: string; readonly refreshToken: string }
/** How many of each kind are looked at again after a restart. */
const KEPT = 5

/**
 * Logs in as a new guest, earns a first coin, refreshes, logs out. A session that was acknowledged works after a restart, one whose end
 * was acknowledged does not. A refresh without an answer is never repeated: a token that comes twice
 * is taken for stolen.
 */
export function createSessionHolder({ journal, newId, chance }: Stage): Actor {
  const writing = oneAtATime(journal)
  const alive: Tokens[] = []
  const dead: Tokens[] = []
  let current: Tokens | null = null
  /** Whether its account is still to be opened, by its first coin. */
  let isNew = false

  const keep = (list: Tokens[], tokens: Tokens): void => {
    list.push(tokens)
    if (list.length > KEPT) list.shift()
  }
  const session = (
    name: string,
    request: Intent['request'],
    more: Pick<Intent, 'judge'> & { readonly repeatable: boolean },
  ): Intent => ({ id: newId(name), effect: 'session', request, ...more })

  const begin = (): void => {
    if (current === null) {
      writing.begin(loginIntent(newId('guest')), (entry) => {
        current = tokensOf(entry)
        isNew = true
      })
      return
    }
    if (isNew) {
      isNew = false
      const id = newId('first')
      const request = send.earn(current.token, id, 1, id)
      writing.begin({ id, effect: 'entry', request, repeatable: true }, (entry, verdict) => {
        if (verdict !== 'done') journal.violation(`${id}: refused with ${entry.answer?.body}`)
      })
      return
    }
    const { token, refreshToken } = current
    const kind = chance.weighted({ refresh: 3, keep: 1, 'log-out': 2 })
    if (kind === 'keep') {
      keep(alive, current)
      current = null
    } else if (kind === 'refresh') {
      current = null
      const request = send.refresh(refreshToken)
      writing.begin(session('refresh', request, { repeatable: false }), (entry, verdict) => {
        if (verdict === 'done') current = tokensOf(entry)
        else journal.violation(`${entry.id}: refused with ${entry.answer?.body}`)
      })
    } else {
      const ended = current
      current = null
      // 401 after a logout without an answer: it had worked.
      const judge: Intent['judge'] = ({ status }, sent) =>
        status < 300 || (status === 401 && sent > 1) ? 'done' : status < 500 ? 'refused' : 'open'
      const request = send.logout(token)
      writing.begin(session('logout', request, { repeatable: true, judge }), (entry, verdict) => {
        if (verdict === 'done') keep(dead, ended)
        else journal.violation(`${entry.id}: refused with ${entry.answer?.body}`)
      })
    }
  }

  return {
    async step(client) {
      if (!writing.open) begin()
      await writing.attempt(client)
    },
    isOpen: () => writing.open,
    async check(client) {
      const status = async ({ token }: Tokens) =>
        (await journal.look(client, send.balance(token)))?.status ?? null
      for (const tokens of alive) {
        const seen = await status(tokens)
        if (seen !== 200) journal.violation(`a session that was given out is answered ${seen}`)
      }
      for (const tokens of dead) {
        const seen = await status(tokens)
        if (seen !== 401) journal.violation(`a session that was ended is answered ${seen}`)
      }
    },
  }
}

const tokensOf = (entry: Entry): Tokens => ({
  token: tokenOf(entry),
  refreshToken: String(fieldsOf(entry.answer)['refreshToken']),
})
