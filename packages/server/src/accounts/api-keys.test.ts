import { describe, expect, it } from 'vitest'
import { DATABASES } from '../../../../tests/database.ts'
import { accountsPerTest, problemOf, storedText } from '../../../../tests/fresh-accounts.ts'
import { shared } from '../store/store.ts'
import { AccountsUsageError, createApiKeys } from './accounts.ts'

const ROWS = shared('test.api-keys', 'SELECT * FROM api_keys')

describe.each(DATABASES)('an API key on $name', (database) => {
  const open = accountsPerTest(database)

  it('proves its scope and app, and is stored as a hash', async () => {
    const { accounts, store } = await open()
    const { id, key, ...rest } = await accounts.keys.create({ scope: 'ingest', app: 'com.a.game' })
    expect(rest).toEqual({ scope: 'ingest', app: 'com.a.game' })
    expect(key).toMatch(/^ql_ingest_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/)
    expect(accounts.looksLikeKey(key)).toBe(true)
    const caller = { kind: 'key', keyId: id, scope: 'ingest', app: 'com.a.game' }
    expect(await accounts.verifyKey(key)).toEqual(caller)
    expect(storedText(await store.read(ROWS, []))).not.toContain(key.slice(-43, -1))
  })

  it('of an operator sees every app unless it is made for one', async () => {
    const { accounts } = await open()
    const all = await accounts.keys.create({ scope: 'operator' })
    const one = await accounts.keys.create({ scope: 'operator', app: 'game' })
    expect((await accounts.verifyKey(all.key)).app).toBeNull()
    expect((await accounts.verifyKey(one.key)).app).toBe('game')
  })

  it.each([
    [{ scope: 'ingest' }, '--app'],
    [{ scope: 'server' }, '--app'],
    [{ scope: 'admin', app: 'game' }, 'ingest, server, operator'],
    [{ scope: '', app: 'game' }, 'ingest, server, operator'],
    [{ scope: 'server', app: '' }, 'an app is'],
    [{ scope: 'server', app: 'a b' }, 'an app is'],
    [{ scope: 'server', app: 'x'.repeat(101) }, 'an app is'],
    [{ scope: 'operator', name: 'x'.repeat(201) }, 'the name'],
    [{ scope: 'operator', name: 'red \u001b[31m' }, 'the name'],
    [{ scope: 'operator', name: '\ud800' }, 'the name'],
  ])('is not made from %j', async (input, message) => {
    const { accounts } = await open()
    const making = accounts.keys.create(input)
    await expect(making).rejects.toThrow(AccountsUsageError)
    await expect(making).rejects.toThrow(message)
    expect(await accounts.keys.list()).toEqual([])
  })

  it('is listed without its secret, the revoked ones too', async () => {
    const { accounts, clock } = await open()
    const first = await accounts.keys.create({ scope: 'server', app: 'game', name: 'Für Ada' })
    clock.advance(1_000)
    const second = await accounts.keys.create({ scope: 'operator' })
    clock.advance(1_000)
    expect(await accounts.keys.revoke(first.id)).toBe(true)
    const createdAt = clock.now() - 2_000
    expect(await accounts.keys.list()).toEqual([
      {
        ...{ id: first.id, scope: 'server', app: 'game', name: 'Für Ada' },
        ...{ createdAt, revokedAt: clock.now() },
      },
      {
        ...{ id: second.id, scope: 'operator', app: null, name: null },
        ...{ createdAt: createdAt + 1_000, revokedAt: null },
      },
    ])
  })

  it('is refused from the moment it is revoked, also in another process', async () => {
    const { accounts, clock, elsewhere } = await open()
    const others = await elsewhere()
    const { id, key } = await accounts.keys.create({ scope: 'server', app: 'game' })
    await others.verifyKey(key)
    expect(await accounts.keys.revoke(id)).toBe(true)
    expect((await problemOf(others.verifyKey(key))).code).toBe('invalid-token')
    clock.advance(1_000)
    expect(await accounts.keys.revoke(id)).toBe(true)
    expect((await accounts.keys.list())[0]?.revokedAt).toBe(clock.now() - 1_000)
    expect(await accounts.keys.revoke('0123456789abcdef')).toBe(false)
  })

  it('that is wrong in any part is refused with one and the same problem', async () => {
    const { accounts } = await open()
    const { id, key } = await accounts.keys.create({ scope: 'server', app: 'game' })
    const secret = key.slice(-43)
    const wrong = [
      `ql_operator_${id}_${secret}`,
      `ql_server_${'0'.repeat(16)}_${secret}`,
      `ql_server_${id}_${'A'.repeat(43)}`,
      `ql_server_${id}_${secret.slice(0, -1)}`,
      `ql_server_${id}_${secret}A`,
      `ql_server_${id.toUpperCase()}_${secret}`,
      `ql_server_${id}_`,
      `ql_server_${id}`,
      ` ${key}`,
      `${key}\n`,
      'ql_',
      'ql_server_\u0000_x',
      "ql_server_' OR 1=1 --_x",
      `ql_server_${id}_${'x'.repeat(10_000)}`,
    ]
    for (const bearer of wrong) {
      const { code, detail, errors } = await problemOf(accounts.verifyKey(bearer))
      expect({ code, detail, errors }).toEqual({ code: 'invalid-token' })
    }
    await accounts.verifyKey(key)
  })

  it('of the settings is one more ingest key, and none is one when none is set', async () => {
    const { accounts, elsewhere } = await open({ ingestKey: { key: 'studio key', app: 'game' } })
    expect(accounts.looksLikeKey('studio key')).toBe(true)
    const caller = { kind: 'key', keyId: 'EVENT_API_KEY', scope: 'ingest', app: 'game' }
    expect(accounts.keyOfSettings('studio key')).toEqual(caller)
    expect(await accounts.verifyKey('studio key')).toEqual(caller)
    for (const near of ['studio kez', 'studio ke', 'studio key ', '']) {
      expect(accounts.looksLikeKey(near)).toBe(false)
      expect(accounts.keyOfSettings(near)).toBeNull()
      expect((await problemOf(accounts.verifyKey(near))).code).toBe('invalid-token')
    }
    const { key } = await accounts.keys.create({ scope: 'ingest', app: 'game' })
    expect(accounts.keyOfSettings(key)).toBeNull()
    await accounts.verifyKey(key)
    const without = await elsewhere({ ingestKey: null })
    for (const bearer of ['studio key', '', 'undefined', 'null']) {
      expect(without.looksLikeKey(bearer)).toBe(false)
      expect(without.keyOfSettings(bearer)).toBeNull()
      expect((await problemOf(without.verifyKey(bearer))).code).toBe('invalid-token')
    }
  })

  it('is not mistaken for a token, nor a token for it', async () => {
    const { accounts } = await open()
    const { key } = await accounts.keys.create({ scope: 'operator' })
    const { token } = await accounts.guestLogin({ userId: 'ada' })
    expect(accounts.looksLikeKey(token)).toBe(false)
    expect((await problemOf(accounts.verify(key))).code).toBe('invalid-token')
    expect((await problemOf(accounts.verifyKey(token))).code).toBe('invalid-token')
  })

  it('is made by a command that knows no secrets of the server', async () => {
    const { accounts, store, writer, clock } = await open()
    const { systemRandom } = await import('../platform/platform.ts')
    const keys = createApiKeys({ store, writer, clock, random: systemRandom() })
    const { key } = await keys.create({ scope: 'operator' })
    expect((await accounts.verifyKey(key)).scope).toBe('operator')
  })
})
