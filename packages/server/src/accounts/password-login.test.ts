import { describe, expect, it, vi } from 'vitest'
import { DATABASES } from '../../../../tests/database.ts'
import { accountsPerTest, codeOf, problemOf } from '../../../../tests/fresh-accounts.ts'
import { systemRandom } from '../platform/platform.ts'
import type { AccountsSettings } from './accounts.ts'
import { createLoginThrottle, LOGIN_THROTTLE_DEFAULTS } from './login-throttle.ts'
import { createPasswordHashing } from './password-hashing.ts'
import { createPasswordLogin } from './password-login.ts'
import { parseHash } from './passwords.ts'
import { newSession } from './session.ts'

const ADA = { username: 'ada', password: 'a fine password' }
const EVE = { username: 'eve', password: 'another password' }

describe.each(DATABASES)('a login with a password on $name', (database) => {
  const open = accountsPerTest(database)
  /** Accounts that know ada. */
  async function withAda(changes: Partial<AccountsSettings> = {}) {
    const fixture = await open(changes)
    const { register, passwordLogin } = fixture.accounts
    await register(ADA)
    return {
      ...fixture,
      login: (gone?: AbortSignal) => passwordLogin(ADA, gone),
      guess: (username = 'ada') => passwordLogin({ username, password: 'wrong' }),
    }
  }

  it('fails alike for an unknown name and a wrong password', async () => {
    const { guess } = await withAda()
    const attempts = ['ada', 'eve'].map((username) => problemOf(guess(username)))
    for (const { code, detail, errors, retryAfter } of await Promise.all(attempts)) {
      expect({ code, detail, errors, retryAfter }).toEqual({ code: 'invalid-credentials' })
    }
  })

  it('and a registration give up their places in the queue when their clients leave', async () => {
    const { accounts, login } = await withAda({ hashConcurrency: 1 })
    const leaving = new AbortController()
    // So many that the others still wait when they are looked for, however slow the machine is.
    let answered = 0
    const before = Array.from({ length: 12 }, async () => {
      const session = await login()
      answered += 1
      return session
    })
    const others = [login(leaving.signal), accounts.register(EVE, leaving.signal)]
    const settled = Promise.allSettled(others)
    await vi.waitFor(
      () => {
        const { running, waiting } = accounts.hashingLoad()
        expect(answered + running + waiting).toBe(14)
      },
      { interval: 1, timeout: 10_000 },
    )
    const { waiting } = accounts.hashingLoad()
    leaving.abort(new Error('the client left'))
    expect(accounts.hashingLoad().waiting).toBe(waiting - 2)
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    for (const session of await Promise.all(before)) {
      expect(session).toMatchObject({ userId: expect.stringMatching(/^p_/) })
    }
    await accounts.register(EVE)
  })

  it('does the same work for an unknown name as for a wrong password', async () => {
    const { store, writer, clock } = await withAda()
    const random = systemRandom()
    const hashing = createPasswordHashing(random, { hashConcurrency: 1, hashQueueMax: 9 })
    const costs: unknown[] = []
    const login = createPasswordLogin({
      ...{ store, writer, random },
      throttle: createLoginThrottle(clock, LOGIN_THROTTLE_DEFAULTS),
      hashing: {
        ...hashing,
        verify(password, stored, turn) {
          const { memoryKiB, passes, lanes, salt, tag } = parseHash(stored)
          costs.push([memoryKiB, passes, lanes, salt.length, tag.length])
          return hashing.verify(password, stored, turn)
        },
      },
      now: clock.now,
      openSession: (now) => newSession(random, now),
      answer: () => expect.fail('nobody logs in here'),
    })
    expect(await codeOf(login({ username: 'ada', password: 'wrong' }))).toBe('invalid-credentials')
    expect(await codeOf(login({ username: 'eve', password: 'wrong' }))).toBe('invalid-credentials')
    expect(costs).toHaveLength(2)
    expect(costs[1]).toEqual(costs[0])
  })

  it.each(['ada', 'nobody'])('waits after ten failures as %s', async (username) => {
    const { accounts, clock, guess } = await withAda()
    for (let i = 0; i < 10; i += 1) {
      expect(await codeOf(guess(i % 2 ? username : username.toUpperCase()))).toBe(
        'invalid-credentials',
      )
    }
    expect(await problemOf(guess(username))).toMatchObject({
      code: 'too-many-requests',
      retryAfter: 1,
    })
    clock.advance(1_000)
    expect(await codeOf(guess(username))).toBe('invalid-credentials')
    expect(await problemOf(guess(username))).toMatchObject({ retryAfter: 2 })
    await accounts.register(EVE)
    await accounts.passwordLogin(EVE)
  })

  it('that succeeds after the wait starts the account afresh', async () => {
    const { clock, login, guess } = await withAda()
    for (let i = 0; i < 10; i += 1) await codeOf(guess())
    expect(await codeOf(login())).toBe('too-many-requests')
    clock.advance(1_000)
    await login()
    for (let i = 0; i < 10; i += 1) expect(await codeOf(guess())).toBe('invalid-credentials')
  })

  it('counts guesses that come all at once', async () => {
    const { guess } = await withAda()
    const codes = await Promise.all(Array.from({ length: 30 }, () => codeOf(guess())))
    const failed = codes.filter((code) => code === 'invalid-credentials').length
    // Two hashes run at once, so one more may have begun when the tenth failed.
    expect(failed).toBeGreaterThanOrEqual(10)
    expect(failed).toBeLessThanOrEqual(11)
    expect(codes.filter((code) => code === 'too-many-requests')).toHaveLength(30 - failed)
  })

  it('lets one player in on many devices at once', async () => {
    const { login } = await withAda()
    const sessions = await Promise.all(Array.from({ length: 20 }, () => login()))
    expect(new Set(sessions.map(({ refreshToken }) => refreshToken)).size).toBe(20)
  })

  it('is refused as overload when too many wait, and counts as no failure', async () => {
    const { login } = await withAda({ hashConcurrency: 1, hashQueueMax: 1 })
    const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => login()))
    const refused = attempts.filter((attempt) => attempt.status === 'rejected')
    expect(refused.length).toBeGreaterThanOrEqual(10)
    for (const { reason } of refused) {
      expect(reason).toMatchObject({ code: 'overloaded', retryAfter: 1 })
    }
    await login()
  })
})
