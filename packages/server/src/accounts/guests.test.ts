import { describe, expect, it } from 'vitest'
import { DATABASES } from '../../../../tests/database.ts'
import {
  accountsPerTest,
  aSecret,
  codeOf,
  problemOf,
  storedText,
} from '../../../../tests/fresh-accounts.ts'
import { inOtherProcess } from '../../../../tests/other-process.ts'
import { shared } from '../store/store.ts'

const PLAYERS = shared('test.guests', 'SELECT player_id, device_secret_hash FROM players')

describe.each(DATABASES)('a guest on $name', (database) => {
  const open = accountsPerTest(database)

  it('is made at the first login and the same player at the next', async () => {
    const { accounts } = await open()
    const first = await accounts.guestLogin({ userId: 'ada' })
    const again = await accounts.guestLogin({ userId: '  ada\t' })
    expect(first).toMatchObject({ userId: 'ada', expiresIn: 7_200 })
    expect(again.userId).toBe('ada')
    expect(again.refreshToken).not.toBe(first.refreshToken)
    expect(await accounts.count()).toBe(1)
    expect(await accounts.find('ada')).toEqual({ playerId: 'ada', username: null })
    expect(await accounts.verify(first.token)).toMatchObject({ playerId: 'ada' })
  })

  it('is one player when 50 first logins come at once, in one commit', async () => {
    let commits = 0
    const { accounts, store } = await open({}, (store) => ({
      ...store,
      transaction(work) {
        commits += 1
        return store.transaction(work)
      },
    }))
    const sessions = await Promise.all(
      Array.from({ length: 50 }, () => accounts.guestLogin({ userId: 'ada' })),
    )
    expect(new Set(sessions.map(({ userId }) => userId))).toEqual(new Set(['ada']))
    expect(new Set(sessions.map(({ refreshToken }) => refreshToken)).size).toBe(50)
    expect(await store.read(PLAYERS, [])).toHaveLength(1)
    expect(await accounts.count()).toBe(1)
    expect(commits).toBe(1)
  })

  it('of two secrets that come at once belongs to the first', async () => {
    const { accounts } = await open()
    const logins = await Promise.allSettled([
      accounts.guestLogin({ userId: 'ada', deviceSecret: aSecret('a') }),
      accounts.guestLogin({ userId: 'ada', deviceSecret: aSecret('b') }),
      accounts.guestLogin({ userId: 'ada' }),
    ])
    expect(logins.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    await accounts.guestLogin({ userId: 'ada', deviceSecret: aSecret('a') })
  })

  it('is one player when two processes make the same ones at once', async () => {
    const { accounts, url } = await open()
    const job = { kind: 'log in', guests: 60 } as const
    const two = await Promise.all([inOtherProcess(url, job), inOtherProcess(url, job)])
    await Promise.all(two.map(({ done }) => done()))
    expect(await accounts.count()).toBe(60)
  })

  it('is told apart by letter case and inner spaces, not by the spaces around', async () => {
    const { accounts } = await open()
    for (const userId of ['ada', 'Ada', 'a da', ' ada ', '\u00a0ada']) {
      await accounts.guestLogin({ userId })
    }
    expect(await accounts.count()).toBe(3)
  })

  it('cannot take an id of registered players', async () => {
    const { accounts } = await open()
    const { userId } = await accounts.register({ username: 'grace', password: 'a fine password' })
    expect(userId).toMatch(/^p_/)
    expect(await codeOf(accounts.guestLogin({ userId }))).toBe('password-required')
    const withSecret = accounts.guestLogin({ userId, deviceSecret: aSecret() })
    expect(await codeOf(withSecret)).toBe('password-required')
    expect(await codeOf(accounts.guestLogin({ userId: 'p_free' }))).toBe('reserved-id')
    expect(await codeOf(accounts.guestLogin({ userId: ' p_free ' }))).toBe('reserved-id')
    expect(await accounts.find('p_free')).toBeNull()
    await accounts.guestLogin({ userId: 'P_free' })
  })

  it.each([
    { door: 'open', bareGuestLogin: true },
    { door: 'closed', bareGuestLogin: false },
  ])('made with a secret needs it ever after, door $door', async ({ bareGuestLogin }) => {
    const { accounts, store } = await open({ bareGuestLogin })
    await accounts.guestLogin({ userId: 'ada', deviceSecret: aSecret('a') })
    await accounts.guestLogin({ userId: 'ada', deviceSecret: aSecret('a') })
    const wrong = await problemOf(
      accounts.guestLogin({ userId: 'ada', deviceSecret: aSecret('b') }),
    )
    const missing = await problemOf(accounts.guestLogin({ userId: 'ada' }))
    expect(wrong).toMatchObject({ code: 'invalid-credentials', detail: undefined })
    expect(missing).toMatchObject({ code: 'invalid-credentials', detail: undefined })
    expect(storedText(await store.read(PLAYERS, []))).not.toContain(aSecret('a'))
  })

  it('without a secret lives on through an open door, and a secret sent later is not bound', async () => {
    const { accounts } = await open()
    await accounts.guestLogin({ userId: 'ada' })
    await accounts.guestLogin({ userId: 'ada', deviceSecret: aSecret('a') })
    await accounts.guestLogin({ userId: 'ada' })
    await accounts.guestLogin({ userId: 'ada', deviceSecret: aSecret('b') })
  })

  it('without a secret stands before a closed door until an operator binds one', async () => {
    const { accounts, elsewhere } = await open({ bareGuestLogin: false })
    const development = await elsewhere({ bareGuestLogin: true })
    await development.guestLogin({ userId: 'ada' })
    const bare = () => accounts.guestLogin({ userId: 'ada' })
    const withSecret = () => accounts.guestLogin({ userId: 'ada', deviceSecret: aSecret() })
    expect(await codeOf(bare())).toBe('device-secret-unbound')
    expect(await codeOf(withSecret())).toBe('device-secret-unbound')
    await accounts.bindDeviceSecret('ada', aSecret())
    await withSecret()
    expect(await codeOf(bare())).toBe('invalid-credentials')
  })

  it('is not made without a secret behind a closed door', async () => {
    const { accounts } = await open({ bareGuestLogin: false })
    const bare = accounts.guestLogin({ userId: 'ada' })
    expect(await codeOf(bare)).toBe('device-secret-required')
    expect(await accounts.find('ada')).toBeNull()
    expect(await accounts.count()).toBe(0)
  })

  it('that guesses waits after ten failures, while who has the secret gets in', async () => {
    const { accounts, clock } = await open()
    const right = () => accounts.guestLogin({ userId: 'ada', deviceSecret: aSecret('a') })
    const wrong = () => accounts.guestLogin({ userId: 'ada', deviceSecret: aSecret('b') })
    await right()
    for (let i = 0; i < 10; i += 1) expect(await codeOf(wrong())).toBe('invalid-credentials')
    const throttled = await problemOf(wrong())
    expect(throttled).toMatchObject({ code: 'too-many-requests', retryAfter: 1 })
    clock.advance(1_000)
    expect(await codeOf(wrong())).toBe('invalid-credentials')
    expect(await problemOf(wrong())).toMatchObject({ retryAfter: 2 })
    await right()
    expect(await codeOf(wrong())).toBe('invalid-credentials')
  })

  it('has any id that the contract allows, on both databases alike', async () => {
    const { accounts } = await open()
    const ids = ['0', '名前 🎮', 'a\\b', 'tab\tin', 'x'.repeat(255), '🎮'.repeat(255), '__proto__']
    for (const userId of ids) {
      const session = await accounts.guestLogin({ userId })
      expect(session.userId).toBe(userId)
      expect((await accounts.verify(session.token)).playerId).toBe(userId)
    }
    expect(await accounts.count()).toBe(ids.length)
  })
})
