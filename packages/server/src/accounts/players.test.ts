import { describe, expect, it } from 'vitest'
import { DATABASES } from '../../../../tests/database.ts'
import { accountsPerTest, aSecret, codeOf } from '../../../../tests/fresh-accounts.ts'

describe.each(DATABASES)('a player on $name', (database) => {
  const open = accountsPerTest(database)

  it('is found by its id, a registered one with its username', async () => {
    const { accounts } = await open()
    await accounts.guestLogin({ userId: 'ada' })
    const { userId } = await accounts.register({ username: 'Grace', password: 'a fine password' })
    expect(await accounts.find('ada')).toEqual({ playerId: 'ada', username: null })
    expect(await accounts.find(userId)).toEqual({ playerId: userId, username: 'Grace' })
    expect(await accounts.find('nobody')).toBeNull()
    expect(await accounts.count()).toBe(2)
  })

  it('with a newly bound secret needs it, and its sessions from before are over', async () => {
    const { accounts, clock } = await open()
    const before = await accounts.guestLogin({ userId: 'ada' })
    const other = await accounts.guestLogin({ userId: 'bob' })
    await accounts.verify(before.token)
    await accounts.verify(other.token)
    clock.advance(1)
    await accounts.bindDeviceSecret('ada', aSecret('a'))
    expect(accounts.recall(before.token)).toBeNull()
    expect(accounts.recall(other.token)).not.toBeNull()
    expect(await codeOf(accounts.verify(before.token))).toBe('invalid-token')
    expect(await codeOf(accounts.refresh(before))).toBe('invalid-credentials')
    expect(await codeOf(accounts.guestLogin({ userId: 'ada' }))).toBe('invalid-credentials')
    clock.advance(1)
    const after = await accounts.guestLogin({ userId: 'ada', deviceSecret: aSecret('a') })
    await accounts.verify(after.token)
    await accounts.refresh(after)
  })

  it('keeps its secret unless it is replaced explicitly', async () => {
    const { accounts } = await open()
    await accounts.guestLogin({ userId: 'ada', deviceSecret: aSecret('a') })
    await expect(accounts.bindDeviceSecret('ada', aSecret('b'))).rejects.toThrow('replace')
    await accounts.guestLogin({ userId: 'ada', deviceSecret: aSecret('a') })
    await accounts.bindDeviceSecret('ada', aSecret('b'), { replace: true })
    const old = accounts.guestLogin({ userId: 'ada', deviceSecret: aSecret('a') })
    expect(await codeOf(old)).toBe('invalid-credentials')
    await accounts.guestLogin({ userId: 'ada', deviceSecret: aSecret('b') })
  })

  it('gets no secret that is short or unprintable, nor does nobody, nor who has a password', async () => {
    const { accounts } = await open()
    await accounts.guestLogin({ userId: 'ada' })
    const { userId } = await accounts.register({ username: 'grace', password: 'a fine password' })
    const bind = (playerId: string, secret: string) => accounts.bindDeviceSecret(playerId, secret)
    for (const secret of ['', 'x'.repeat(31), 'x'.repeat(257), `${aSecret()} `, `${aSecret()}\n`]) {
      await expect(bind('ada', secret)).rejects.toThrow('printable')
    }
    await expect(bind('nobody', aSecret())).rejects.toThrow('no such player')
    await expect(bind(userId, aSecret())).rejects.toThrow('password')
  })
})
