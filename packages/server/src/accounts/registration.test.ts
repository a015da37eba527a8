import { describe, expect, it } from 'vitest'
import { DATABASES } from '../../../../tests/database.ts'
import { accountsPerTest, codeOf, problemOf, storedText } from '../../../../tests/fresh-accounts.ts'
import { type Store, shared } from '../store/store.ts'
import { createCommonPasswords } from './common-passwords.ts'
import { foldUsername } from './registration.ts'

const PASSWORD = 'a fine password'
const ADA = { username: 'ada', password: PASSWORD }
const ROWS = shared('test.players', 'SELECT * FROM players')
const HASHES = shared('test.hashes', 'SELECT password_hash AS hash FROM players')
const SET_HASH = shared('test.set-hash', 'UPDATE players SET password_hash = $1')

describe.each(DATABASES)('registration on $name', (database) => {
  const open = accountsPerTest(database)

  it('makes a player with a random id, and no trace of the password but its hash', async () => {
    const { accounts, store } = await open()
    const registered = await accounts.register({ username: 'Ada.Lovelace', password: PASSWORD })
    expect(registered).toEqual({
      userId: expect.stringMatching(/^p_[A-Za-z0-9_-]{22}$/),
      username: 'Ada.Lovelace',
    })
    expect(await accounts.count()).toBe(1)
    expect(storedText(await store.read(ROWS, []))).not.toContain(PASSWORD)
    expect(await hashOf(store)).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  })

  it.each([
    ['ada', 'ADA'],
    ['Straße', 'STRASSE'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['İstanbul', 'i̇stanbul'],
    ['ａｄａ', 'ada'],
    ['éva', 'e\u0301va'],
  ])('takes %j and %j for one name', async (first, second) => {
    const { accounts } = await open()
    await accounts.register({ username: first, password: PASSWORD })
    const again = accounts.register({ username: second, password: PASSWORD })
    expect(await codeOf(again)).toBe('username-taken')
    expect((await accounts.passwordLogin({ username: second, password: PASSWORD })).userId).toMatch(
      /^p_/,
    )
    expect(await accounts.count()).toBe(1)
  })

  it('gives a name to one of many who want it at once', async () => {
    const { accounts } = await open()
    const names = ['ada', 'Ada', 'ADA', 'aDa', 'adA', 'ada']
    const attempts = await Promise.allSettled(
      names.map((username) => accounts.register({ username, password: PASSWORD })),
    )
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const attempt of attempts) {
      if (attempt.status === 'rejected') expect(attempt.reason.code).toBe('username-taken')
    }
    expect(await accounts.count()).toBe(1)
  })

  it('refuses the commonest passwords in any letter case', async () => {
    const { accounts } = await open()
    for (const password of ['password', 'PassWord', '12345678', 'qwertyuiop', 'iloveyou']) {
      const problem = await problemOf(accounts.register({ username: 'ada', password }))
      expect(problem.code).toBe('password-too-common')
      expect(problem.errors).toEqual([{ pointer: '#/password', detail: expect.any(String) }])
    }
    expect(await accounts.find('ada')).toBeNull()
    await accounts.register({ username: 'ada', password: 'password of ada' })
  })

  it('takes 1,024 bytes of password and no more, at registration and login', async () => {
    const { accounts } = await open()
    const longest = 'é'.repeat(512)
    const tooLong = `${longest}x`
    await accounts.register({ username: 'ada', password: longest })
    await accounts.passwordLogin({ username: 'ada', password: longest })
    const attempts = [
      accounts.register({ username: 'bob', password: tooLong }),
      accounts.passwordLogin({ username: 'ada', password: tooLong }),
      accounts.passwordLogin({ username: 'nobody', password: tooLong }),
    ]
    for (const problem of await Promise.all(attempts.map(problemOf))) {
      expect(problem.code).toBe('invalid-request')
      expect(problem.errors?.[0]?.pointer).toBe('#/password')
    }
  })

  it('refuses a name that grows beyond an index entry, where the databases would differ', async () => {
    const { accounts } = await open()
    const username = '\ufdfa'.repeat(64)
    const problem = await problemOf(accounts.register({ username, password: PASSWORD }))
    expect(problem).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '#/username' }] })
    const login = accounts.passwordLogin({ username, password: PASSWORD })
    expect(await codeOf(login)).toBe('invalid-credentials')
  })

  it('leads to a login with the same rights as a guest has', async () => {
    const { accounts } = await open()
    const { userId } = await accounts.register(ADA)
    const session = await accounts.passwordLogin({ username: 'ADA', password: PASSWORD })
    expect(session).toMatchObject({ userId, expiresIn: 7_200 })
    expect(await accounts.verify(session.token)).toMatchObject({ playerId: userId })
    const next = await accounts.refresh(session)
    await accounts.logout(await accounts.verify(next.token))
    expect(await codeOf(accounts.refresh(next))).toBe('invalid-credentials')
  })

  it('makes a weak hash stronger at the next login, and the password goes on', async () => {
    const { accounts, store } = await open()
    const login = () => accounts.passwordLogin(ADA)
    await accounts.register(ADA)
    // m=8, t=1, of the same password.
    const weak = await weakHash(PASSWORD)
    await store.transaction((tx) => tx.run(SET_HASH, [[weak]]))
    await login()
    const stronger = await hashOf(store)
    expect(stronger).toMatch(/m=19456,t=2,p=1/)
    await login()
    expect(await hashOf(store)).toBe(stronger)
  })
})

describe('a username', () => {
  it('folds to itself when it is folded again', () => {
    const unstable: string[] = []
    for (let code = 0; code <= 0x1ffff; code += 1) {
      const folded = foldUsername(`x${String.fromCodePoint(code)}`)
      if (foldUsername(folded) !== folded) unstable.push(code.toString(16))
    }
    expect(unstable).toEqual([])
  })
})

describe('the commonest passwords', () => {
  it('are at least the 3,000 of the standard that are long enough, loaded when first asked', async () => {
    const isCommon = createCommonPasswords()
    expect(await isCommon('trustno1')).toBe(true)
    expect(await isCommon('TRUSTNO1')).toBe(true)
    expect(await isCommon('correct horse battery staple')).toBe(false)
  })
})

async function hashOf(store: Store): Promise<string> {
  const [row] = await store.read<{ hash: string }>(HASHES, [])
  return row?.hash ?? ''
}

async function weakHash(password: string): Promise<string> {
  const { tagOf } = await import('./passwords.ts')
  const { createHashThreads } = await import('./hash-threads.ts')
  const salt = Buffer.alloc(16, 7)
  const tag = await tagOf(createHashThreads(), password, {
    memoryKiB: 8,
    passes: 1,
    lanes: 1,
    salt,
  })
  const text = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=8,t=1,p=1$${text(salt)}$${text(tag)}`
}
