// Logins, registrations and sessions through HTTP. The rules themselves are tested in accounts/.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DATABASES } from '../database.ts'
import type { Answer } from './client.ts'
import { expectProblem, pointersOf } from './problem.ts'
import { aDeviceSecret, startServer, type TestServer } from './server.ts'

const SESSION = {
  token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
  expiresIn: 7_200,
  refreshToken: expect.stringMatching(/^[\w-]{40,}$/),
}
const tokenOf = ({ body }: Answer): string => String(body['token'])

describe.each(DATABASES)('on $name', (database) => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer(database)
  })
  afterAll(() => server.stop())

  const balance = (token: string) => server.send('/balance', { token })

  test('a guest is made by the first login and is the same player at the next', async () => {
    const first = await server.send('/login', { body: { userId: 'guest-1' } })
    expect([first.status, first.body]).toEqual([200, { ...SESSION, userId: 'guest-1' }])
    await server.send('/earn', { token: tokenOf(first), body: { amount: 7 } })

    const second = await server.send('/login', { body: { userId: 'guest-1' } })
    expect(second.body['token']).not.toBe(first.body['token'])
    expect((await balance(tokenOf(second))).body).toEqual({ userId: 'guest-1', balance: 7 })
  })

  test('white space around a userId is no part of it', async () => {
    const answer = await server.send('/login', { body: { userId: ' \t spaced out \n' } })
    expect(answer.body).toEqual({ ...SESSION, userId: 'spaced out' })
    expect((await balance(tokenOf(answer))).body).toEqual({ userId: 'spaced out', balance: 0 })
  })

  test.each([
    ['letters of every script', 'Zoë-プレイヤー-игрок-لاعب'],
    ['an emoji of four bytes', '👾'],
    ['255 characters outside the basic plane', '👾'.repeat(255)],
    ['signs that mean something in URLs', 'a/b?c#d&e=f%20+g'],
    ['the name of a prototype', '__proto__'],
    ['the last segment of another path', 'update'],
  ])('a userId may be %s', async (_name, userId) => {
    const token = await server.guest(userId)
    expect((await balance(token)).body).toEqual({ userId, balance: 0 })
    const own = await server.send(`/user/${encodeURIComponent(userId)}`, { token })
    expect([own.status, own.body]).toEqual([200, { userId, balance: 0 }])
    const listed = await server.send(`/user/${encodeURIComponent(userId)}/ledger`, { token })
    expect([listed.status, listed.body]).toEqual([200, { entries: [], nextCursor: null }])
    const counted = await server.send(`/stats?uid=${encodeURIComponent(userId)}`, { token })
    expect(counted.status).toBe(200)
  })

  test('two spellings of one letter are two players', async () => {
    const composed = await server.guest('caf\u00e9')
    await server.send('/earn', { token: composed, body: { amount: 3 } })
    const decomposed = await server.guest('cafe\u0301')
    expect((await balance(decomposed)).body['balance']).toBe(0)
  })

  test.each([
    ['empty', ''],
    ['only white space', '  \t'],
    ['256 characters long', 'x'.repeat(256)],
    ['with an angle bracket', 'a<b'],
    ['with a quote', 'a"b'],
    ['with an apostrophe', "a'b"],
    ['with a NUL', 'a\0b'],
    ['with half of a surrogate pair', 'a\ud800b'],
    ['a number', 5],
    ['null', null],
    ['a list', ['a']],
  ])('a userId that is %s is refused with its pointer', async (_name, userId) => {
    const answer = await server.send('/login', { body: { userId } })
    expectProblem(answer, 'invalid-request')
    expect(pointersOf(answer)).toContain('#/userId')
  })

  test('a deviceSecret that came with the first login is needed ever after', async () => {
    const deviceSecret = aDeviceSecret('device')
    const first = await server.send('/login', { body: { userId: 'device', deviceSecret } })
    expect(first.status).toBe(200)
    const wrong = { userId: 'device', deviceSecret: aDeviceSecret('other') }
    expectProblem(await server.send('/login', { body: wrong }), 'invalid-credentials')
    expectProblem(
      await server.send('/login', { body: { userId: 'device' } }),
      'invalid-credentials',
    )
    const again = await server.send('/login', { body: { userId: 'device', deviceSecret } })
    expect(again.status).toBe(200)
  })

  test('a registered player has a random id that no guest can take', async () => {
    const credentials = { username: 'Ada.Lovelace', password: 'engines weave numbers' }
    const registered = await server.send('/auth/register', { body: credentials })
    const userId = expect.stringMatching(/^p_[\w-]{20,}$/)
    expect(registered.status).toBe(201)
    expect(registered.body).toEqual({ userId, username: 'Ada.Lovelace', balance: 0 })

    const login = await server.send('/auth/login', { body: credentials })
    expect([login.status, login.body]).toEqual([200, { ...SESSION, userId }])
    expect(login.body['userId']).toBe(registered.body['userId'])
    const path = `/user/${login.body['userId']}`
    const own = await server.send(path, { token: tokenOf(login) })
    expect(own.body).toEqual({ userId, username: 'Ada.Lovelace', balance: 0 })

    const asGuest = { userId: login.body['userId'] }
    expectProblem(await server.send('/login', { body: asGuest }), 'password-required')
    expectProblem(await server.send('/login', { body: { userId: 'p_mine' } }), 'reserved-id')
    const shouted = { ...credentials, username: 'ADA.LOVELACE' }
    expectProblem(await server.send('/auth/register', { body: shouted }), 'username-taken')
    expect((await server.send('/auth/login', { body: shouted })).status).toBe(200)
  })

  test('an unknown name and a wrong password are answered with the same bytes', async () => {
    await server.send('/auth/register', { body: { username: 'known', password: 'long enough' } })
    const attempt = (username: string) =>
      server.send('/auth/login', { id: 'same', body: { username, password: 'wrong guess' } })
    const [wrong, unknown] = [await attempt('known'), await attempt('unknown')]
    expectProblem(wrong, 'invalid-credentials')
    expect({ ...wrong, headers: { ...wrong.headers, date: '' } }).toEqual({
      ...unknown,
      headers: { ...unknown.headers, date: '' },
    })
  })

  test('a common or short password is refused', async () => {
    const register = (password: string) =>
      server.send('/auth/register', { body: { username: 'careless', password } })
    expectProblem(await register('password1'), 'password-too-common')
    expectProblem(await register('seven77'), 'invalid-request')
    expectProblem(await register('x'.repeat(1_025)), 'invalid-request')
    expectProblem(await register('é'.repeat(513)), 'invalid-request')
    expect((await register('é'.repeat(512))).status).toBe(201)
  })

  test('a refresh token buys the next pair once, and its second use ends the session', async () => {
    const login = await server.send('/login', { body: { userId: 'refreshing' } })
    const refresh = (from: Answer) =>
      server.send('/auth/refresh', { body: { refreshToken: from.body['refreshToken'] } })
    const second = await refresh(login)
    expect([second.status, second.body]).toEqual([200, { ...SESSION, userId: 'refreshing' }])
    expect((await balance(tokenOf(second))).status).toBe(200)

    expectProblem(await refresh(login), 'invalid-credentials')
    expectProblem(await refresh(second), 'invalid-credentials')
    expectProblem(await balance(tokenOf(second)), 'invalid-token')
    expectProblem(await balance(tokenOf(login)), 'invalid-token')
  })

  test('a logout ends this session and no other', async () => {
    const here = await server.send('/login', { body: { userId: 'leaving' } })
    const there = await server.send('/login', { body: { userId: 'leaving' } })
    const logout = () => server.send('/auth/logout', { method: 'POST', token: tokenOf(here) })
    const answer = await logout()
    expect([answer.status, answer.body]).toEqual([200, { ok: true }])

    expectProblem(await balance(tokenOf(here)), 'invalid-token')
    expectProblem(await logout(), 'invalid-token')
    const body = { refreshToken: here.body['refreshToken'] }
    expectProblem(await server.send('/auth/refresh', { body }), 'invalid-credentials')
    expect((await balance(tokenOf(there))).status).toBe(200)
  })

  test('a credential in a list is refused', async () => {
    const many = [{ userId: 'one' }, { userId: 'two' }]
    expectProblem(await server.send('/login', { body: many }), 'invalid-request')
    const passwords = { username: 'known', password: ['long enough', 'wrong guess'] }
    expectProblem(await server.send('/auth/login', { body: passwords }), 'invalid-request')
  })

  test('what is no field of a login is refused, not dropped', async () => {
    const answer = await server.send('/login', { body: { userId: 'eager', role: 'operator' } })
    expectProblem(answer, 'invalid-request')
    expect(pointersOf(answer)).toEqual(['#/role'])
  })
})
