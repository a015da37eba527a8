import { describe, expect, it } from 'vitest'
import { DATABASES } from '../../../../tests/database.ts'
import {
  accountsPerTest,
  aSecret,
  codeOf,
  problemOf,
  storedText,
} from '../../../../tests/fresh-accounts.ts'
import { type Store, shared } from '../store/store.ts'
import { FIND_STANDING } from './statements.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

const TOKENS = shared('test.refresh-tokens', 'SELECT * FROM refresh_tokens')
const REVOKED = shared('test.revoked-sessions', 'SELECT session_id FROM revoked_sessions')
const REMOVE = shared('test.remove-player', 'DELETE FROM players WHERE player_id = $1')

describe.each(DATABASES)('a session on $name', (database) => {
  const open = accountsPerTest(database)

  it('is recalled without the database once its token was verified', async () => {
    const { accounts, clock } = await open()
    const { token } = await accounts.guestLogin({ userId: 'ada' })
    expect(accounts.recall(token)).toBeNull()
    const caller = await accounts.verify(token)
    expect(accounts.recall(token)).toBe(caller)
    clock.advance(4_999)
    expect(accounts.recall(token)).toBe(caller)
    clock.advance(1)
    expect(accounts.recall(token)).toBeNull()
    await accounts.verify(token)
    expect(accounts.recall(token)).not.toBeNull()
  })

  it('ends with its access token, also where that was recalled', async () => {
    const { accounts, clock } = await open({ revocationCheckMs: DAY_MS })
    const { token, expiresIn } = await accounts.guestLogin({ userId: 'ada' })
    await accounts.verify(token)
    clock.advance(expiresIn * 1_000)
    expect(accounts.recall(token)).toBeNull()
    expect(await codeOf(accounts.verify(token))).toBe('invalid-token')
  })

  it('remembers a bounded number of tokens, those that were verified last', async () => {
    const { accounts } = await open({ cachedCallersMax: 2 })
    const tokens: string[] = []
    for (const userId of ['ada', 'bob', 'cyd']) {
      tokens.push((await accounts.guestLogin({ userId })).token)
    }
    for (const token of tokens) await accounts.verify(token)
    const recalled = tokens.map((token) => accounts.recall(token)?.playerId)
    expect(recalled).toEqual([undefined, 'bob', 'cyd'])
  })

  it('is refused with the same problem whatever is wrong with the token', async () => {
    const { accounts, clock, store } = await open()
    const expired = await accounts.guestLogin({ userId: 'ada' })
    clock.advance(expired.expiresIn * 1_000)
    const loggedOut = await accounts.guestLogin({ userId: 'ada' })
    await accounts.logout(await accounts.verify(loggedOut.token))
    const removed = await accounts.guestLogin({ userId: 'bob' })
    await store.transaction((tx) => tx.run(REMOVE, [['bob']]))
    const good = await accounts.guestLogin({ userId: 'ada' })
    const tokens = [expired.token, loggedOut.token, removed.token, good.token.slice(0, -1), '', 'x']
    const problems = await Promise.all(tokens.map((token) => problemOf(accounts.verify(token))))
    for (const { code, detail, errors, retryAfter } of problems) {
      expect({ code, detail, errors, retryAfter }).toEqual({ code: 'invalid-token' })
    }
  })

  it('goes on with each next refresh token, and keeps only hashes of them', async () => {
    const { accounts, clock, store } = await open()
    let session = await accounts.guestLogin({ userId: 'ada' })
    const before = await accounts.verify(session.token)
    for (let i = 0; i < 3; i += 1) {
      clock.advance(HOUR_MS)
      const next = await accounts.refresh(session)
      expect(next.refreshToken).not.toBe(session.refreshToken)
      expect(next).toMatchObject({ userId: 'ada', expiresIn: 7_200 })
      session = next
    }
    const after = await accounts.verify(session.token)
    expect(after.sessionId).toBe(before.sessionId)
    expect(after.expiresAt).toBe(before.expiresAt + 3 * HOUR_MS)
    const rows = await store.read(TOKENS, [])
    expect(rows).toHaveLength(4)
    // Eight letters of time, which the database may know, and 43 that it may not.
    expect(session.refreshToken).toMatch(/^[A-Za-z0-9_-]{51}$/)
    expect(storedText(rows)).toContain(session.refreshToken.slice(0, 8))
    expect(storedText(rows)).not.toContain(session.refreshToken.slice(8, 50))
  })

  it('ends for both holders when a used refresh token comes again', async () => {
    const { accounts } = await open()
    const first = await accounts.guestLogin({ userId: 'ada' })
    const second = await accounts.refresh(first)
    await accounts.verify(second.token)
    const other = await accounts.guestLogin({ userId: 'ada' })
    expect(await codeOf(accounts.refresh(first))).toBe('invalid-credentials')
    expect(accounts.recall(second.token)).toBeNull()
    expect(await codeOf(accounts.verify(first.token))).toBe('invalid-token')
    expect(await codeOf(accounts.verify(second.token))).toBe('invalid-token')
    expect(await codeOf(accounts.refresh(second))).toBe('invalid-credentials')
    await accounts.verify(other.token)
    await accounts.refresh(other)
  })

  it('lets exactly one of many refreshes at once win, and takes the others for reuse', async () => {
    const { accounts } = await open()
    const session = await accounts.guestLogin({ userId: 'ada' })
    const attempts = await Promise.allSettled(
      Array.from({ length: 20 }, () => accounts.refresh(session)),
    )
    const won = attempts.filter((attempt) => attempt.status === 'fulfilled')
    expect(won).toHaveLength(1)
    for (const { value } of won) {
      expect(await codeOf(accounts.verify(value.token))).toBe('invalid-token')
      expect(await codeOf(accounts.refresh(value))).toBe('invalid-credentials')
    }
  })

  it('refuses an unknown, an expired and an access token as refresh tokens alike', async () => {
    const { accounts, clock } = await open()
    const session = await accounts.guestLogin({ userId: 'ada' })
    const unknown = await problemOf(accounts.refresh({ refreshToken: 'x'.repeat(43) }))
    const access = await problemOf(accounts.refresh({ refreshToken: session.token }))
    clock.advance(30 * DAY_MS)
    const expired = await problemOf(accounts.refresh(session))
    for (const { code, detail, errors } of [unknown, access, expired]) {
      expect({ code, detail, errors }).toEqual({ code: 'invalid-credentials' })
    }
  })

  it('ends earlier when the lifetime in the settings was made shorter', async () => {
    const { accounts, clock, elsewhere } = await open()
    const session = await accounts.guestLogin({ userId: 'ada' })
    const shorter = await elsewhere({ refreshTtlDays: 1 })
    clock.advance(DAY_MS)
    expect(await codeOf(shorter.refresh(session))).toBe('invalid-credentials')
  })

  it('is over at once after a logout, with all its tokens, and others are not', async () => {
    const { accounts } = await open()
    const session = await accounts.guestLogin({ userId: 'ada' })
    const other = await accounts.guestLogin({ userId: 'ada' })
    const caller = await accounts.verify(session.token)
    await accounts.verify(other.token)
    await Promise.all([accounts.logout(caller), accounts.logout(caller)])
    expect(accounts.recall(session.token)).toBeNull()
    expect(await codeOf(accounts.verify(session.token))).toBe('invalid-token')
    expect(await codeOf(accounts.refresh(session))).toBe('invalid-credentials')
    expect(accounts.recall(other.token)).not.toBeNull()
  })

  it('that ends while its token is being checked is not let in, nor remembered', async () => {
    const gate = aGate()
    const { accounts } = await open({}, gate.onStore)
    const session = await accounts.guestLogin({ userId: 'ada' })
    const { sessionId } = await accounts.verify(session.token)
    const late = await accounts.guestLogin({ userId: 'ada' })
    const caller = await accounts.verify(late.token)

    gate.close()
    const unaware = codeOf(accounts.verify(session.token))
    await gate.arrival()
    await accounts.revokeSession(sessionId)
    const joining = codeOf(accounts.verify(session.token))
    gate.open()
    expect(await unaware).toBe('invalid-token')
    expect(await joining).toBe('invalid-token')
    expect(accounts.recall(session.token)).toBeNull()
    expect(accounts.recall(late.token)).toBe(caller)
  })

  it('whose player is bound to a secret meanwhile is not let in either', async () => {
    const gate = aGate()
    const { accounts } = await open({}, gate.onStore)
    const session = await accounts.guestLogin({ userId: 'ada' })
    gate.close()
    const unaware = codeOf(accounts.verify(session.token))
    await gate.arrival()
    await accounts.bindDeviceSecret('ada', aSecret())
    gate.open()
    expect(await unaware).toBe('invalid-token')
    expect(accounts.recall(session.token)).toBeNull()
  })

  it('is looked up once for a burst of requests with one token', async () => {
    const gate = aGate()
    const { accounts } = await open({}, gate.onStore)
    const session = await accounts.guestLogin({ userId: 'ada' })
    const callers = await Promise.all(
      Array.from({ length: 200 }, () => accounts.verify(session.token)),
    )
    expect(new Set(callers).size).toBe(1)
    expect(gate.reads()).toBe(1)
  })

  it('that ended in another process is noticed after five seconds at the latest', async () => {
    const { accounts, clock, elsewhere } = await open()
    const session = await accounts.guestLogin({ userId: 'ada' })
    const { sessionId } = await accounts.verify(session.token)
    const others = await elsewhere()
    await others.revokeSession(sessionId)
    expect(accounts.recall(session.token)).not.toBeNull()
    clock.advance(5_000)
    expect(accounts.recall(session.token)).toBeNull()
    expect(await codeOf(accounts.verify(session.token))).toBe('invalid-token')
  })

  it('verifies under the previous secret during a rotation', async () => {
    const { accounts, elsewhere } = await open()
    const { token } = await accounts.guestLogin({ userId: 'ada' })
    const jwtSecret = 'another test secret of more than 32 bytes'
    const rotated = await elsewhere({
      jwtSecret,
      jwtSecretPrevious: 'a test secret of at least 32 bytes',
    })
    expect((await rotated.verify(token)).playerId).toBe('ada')
    const replaced = await elsewhere({ jwtSecret })
    expect(await codeOf(replaced.verify(token))).toBe('invalid-token')
  })

  it('leaves nothing behind when it has expired, and everything until then', async () => {
    const { accounts, clock, store } = await open()
    for (let i = 0; i < 5; i += 1) {
      const session = await accounts.guestLogin({ userId: 'ada' })
      if (i < 2) await accounts.logout(await accounts.verify(session.token))
    }
    clock.advance(30 * DAY_MS)
    expect(await accounts.sweep()).toBe(0)
    await accounts.guestLogin({ userId: 'ada' })
    clock.advance(1)
    expect(await accounts.sweep()).toBe(7)
    expect(await rowCounts(store)).toEqual({ tokens: 1, revocations: 0 })
  })

  it('is swept in small commits, about as many rows as asked for', async () => {
    const { accounts, clock, store } = await open()
    const logins = Array.from({ length: 2_500 }, (_, i) =>
      accounts.guestLogin({ userId: `player ${i}` }),
    )
    await Promise.all(logins)
    clock.advance(31 * DAY_MS)
    expect(await accounts.sweep(1_500)).toBe(2_000)
    expect(await accounts.sweep()).toBe(500)
    expect(await rowCounts(store)).toEqual({ tokens: 0, revocations: 0 })
  })
})

/** While closed, rows that were read from the database wait until it opens. */
function aGate() {
  let gate = Promise.withResolvers<void>()
  let arrived = Promise.withResolvers<void>()
  let reads = 0
  gate.resolve()
  const onStore = (store: Store): Store => ({
    ...store,
    async read<R>(...query: Parameters<Store['read']>): Promise<R[]> {
      const rows = await store.read<R>(...query)
      if (query[0] === FIND_STANDING) {
        reads += 1
        arrived.resolve()
        await gate.promise
      }
      return rows
    },
  })
  return {
    onStore,
    reads: () => reads,
    close() {
      gate = Promise.withResolvers()
      arrived = Promise.withResolvers()
    },
    open: () => gate.resolve(),
    arrival: () => arrived.promise,
  }
}

async function rowCounts(store: Store) {
  const [tokens, revocations] = await Promise.all([store.read(TOKENS, []), store.read(REVOKED, [])])
  return { tokens: tokens.length, revocations: revocations.length }
}
