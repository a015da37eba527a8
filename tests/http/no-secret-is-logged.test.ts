// Every kind of secret is used, rightly and wrongly, at the most talkative level, also while the
// server fails; then the log is searched for all of them, in each form that bytes are written in.
import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { DATABASES } from '../database.ts'
import { questline, startServerProcess } from '../questline.ts'
import { type Client, createClient } from './client.ts'
import { aDeviceSecret, startServer } from './server.ts'
import { createSwitch } from './switch.ts'

const SETTINGS = {
  LOG_LEVEL: 'debug',
  JWT_SECRET: 'jwt-secret-3f9c-of-this-very-test-run',
  JWT_SECRET_PREVIOUS: 'jwt-secret-before-77ab-of-this-test',
  AF_SECRET: 'postback-secret-b1d0-of-this-test-run',
  AF_SECRET_PREVIOUS: 'postback-secret-before-e2e2-of-this',
  EVENT_API_KEY: 'ingest-key-from-the-environment-9d41',
}
const PASSWORD = 'correct horse battery 5512'
const WRONG_PASSWORD = 'incorrect donkey accumulator 8834'

type Keys = { readonly operator: string; readonly server: string; readonly ingest: string }

const aKey = (scope: string): string => `ql_${scope}_0123456789abcdef_${aDeviceSecret(scope)}`

/** Everything that a client can do with a secret. Returns all that were used. */
async function useEverySecret({ send }: Client, keys: Keys): Promise<string[]> {
  const deviceSecret = aDeviceSecret('ada')
  const wrongDevice = aDeviceSecret('a thief')
  const session = async (path: string, body: object) => (await send(path, { body })).body
  const credentials = { username: 'ada.lovelace', password: PASSWORD }
  await send('/auth/register', { body: credentials })
  await send('/auth/register', { body: { ...credentials, password: WRONG_PASSWORD } })
  const sessions = [
    await session('/login', { userId: 'ada', deviceSecret }),
    await session('/login', { userId: 'ada', deviceSecret }),
    await session('/auth/login', credentials),
  ]
  await send('/login', { body: { userId: 'ada', deviceSecret: wrongDevice } })
  await send('/auth/login', { body: { ...credentials, password: WRONG_PASSWORD } })
  await send('/auth/login', { body: `{"username":"ada.lovelace","password":"${PASSWORD}"` })
  await send('/auth/login', { body: { ...credentials, extra: PASSWORD } })
  await send('/auth/login', { body: { [PASSWORD]: 1 } })

  const refresh = (refreshToken: unknown) => send('/auth/refresh', { body: { refreshToken } })
  const refreshed = (await refresh(sessions[0]?.['refreshToken'])).body
  await refresh(sessions[0]?.['refreshToken'])
  const tokens = [...sessions, refreshed].map((each) => String(each['token']))
  const refreshTokens = [...sessions, refreshed].map((each) => String(each['refreshToken']))

  const bearers = [...tokens, ...refreshTokens, ...Object.values(keys), SETTINGS.EVENT_API_KEY]
  for (const token of bearers) {
    for (const path of ['/balance', '/stats?uid=ada', '/metrics', '/user/ada', '/nothing']) {
      await send(path, { token })
    }
    await send('/earn', { token, body: { amount: 1, userId: 'ada' }, key: 'k' })
    await send('/user/update', { method: 'PUT', token, body: { userId: 'ada', balance: -1 } })
    await send(`/wallet?access_token=${token}`)
    await send(`/user/${token}`, { token })
    await send('/balance', { headers: { authorization: `Basic ${token}` } })
    await send('/balance', { token: `${token.slice(0, -3)}xxx` })
  }
  const basic = Buffer.from(`ada.lovelace:${PASSWORD}`).toString('base64')
  await send('/balance', { headers: { authorization: `Basic ${basic}` } })

  const postback = '{"event_name":"purchase","appsflyer_id":"1"}'
  const signature = createHmac('sha256', SETTINGS.AF_SECRET).update(postback).digest('hex')
  for (const value of [signature, SETTINGS.AF_SECRET, `${signature}0`]) {
    await send('/af/postback', { body: postback, headers: { 'x-af-signature': value } })
  }
  await send('/auth/logout', { method: 'POST', token: String(sessions[1]?.['token']) })
  return [
    ...Object.entries(SETTINGS)
      .filter(([name]) => name !== 'LOG_LEVEL')
      .map(([, value]) => value),
    ...[PASSWORD, WRONG_PASSWORD, deviceSecret, wrongDevice, basic],
    ...bearers,
  ]
}

/** Which of `secrets` stand in `log`, plainly or in another form of the same bytes. */
function leaks(log: string, secrets: readonly string[]): string[] {
  return secrets.filter((secret) => {
    const forms = [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64').replace(/=+$/, ''),
      Buffer.from(secret).toString('hex'),
      // The part of a token or key that makes it valid.
      secret.split(/[._]/).at(-1) ?? secret,
    ]
    return forms.some((form) => form.length >= 12 && log.includes(form))
  })
}

test('the search finds a secret in each of its forms', () => {
  const secret = 'a "secret" of some length'
  for (const line of [
    `token ${secret}`,
    JSON.stringify({ err: { message: secret } }),
    `?t=${encodeURIComponent(secret)}`,
  ]) {
    expect(leaks(line, [secret, 'another one'])).toEqual([secret])
  }
  expect(leaks('nothing here', [secret])).toEqual([])
})

describe.each(DATABASES)('on $name', (database) => {
  test('by a server that works, and by one that fails', async () => {
    const lines: string[] = []
    const sink = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk))
        done()
      },
    })
    const disk = createSwitch()
    const server = await startServer(database, {
      settings: SETTINGS,
      // Without the masks of the real one, so that nothing relies on them.
      world: { logger: pino({ level: 'debug' }, sink), decorateStore: disk.decorate },
    })
    const secrets = await useEverySecret(server, server.keys)
    const password = server.databaseUrl.match(/:([^:@/]+)@/)?.[1]
    if (password !== undefined) secrets.push(password)

    const deviceSecret = aDeviceSecret('a thief')
    const failing = [
      () => server.send('/login', { body: { userId: 'new', deviceSecret } }),
      () => server.send('/auth/login', { body: { username: 'ada.lovelace', password: PASSWORD } }),
      () => server.send('/auth/register', { body: { username: 'new', password: PASSWORD } }),
      () => server.send('/earn', { token: server.keys.server, body: { userId: 'ada', amount: 1 } }),
    ]
    for (const fail of failing) {
      disk.failNext(new Error('a planted bug'))
      expect((await fail()).status).toBe(500)
      disk.break()
      expect((await fail()).status).toBe(503)
      disk.mend()
    }
    await server.stop()

    const log = lines.join('')
    expect(log).toContain('"code":"invalid-token"')
    expect(log).toContain('"code":"invalid-credentials"')
    expect(log).toContain('a planted bug')
    expect(log).toContain('"code":"store-unavailable"')
    expect(leaks(log, secrets)).toEqual([])
    // One entry is one line, whatever a client wrote into its headers.
    for (const line of lines) expect(line.trimEnd()).not.toContain('\n')
  })

  test('by the command, from its first line to its last', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'questline-log-'))
    const { url, drop } = await database.fresh()
    const settings = { ...SETTINGS, RATE_LIMIT: 'off', DATABASE_URL: url, DATA_DIR: folder }
    const words = ['keys', 'create', '--scope', 'operator', '--json']
    const made = await questline(words, { folder, settings })
    expect(made.exit, made.errors).toBe(0)
    const { key: operator } = JSON.parse(made.output) as { key: string }
    const server = await startServerProcess({ folder, settings })
    const client = createClient(server.facts.address)
    // Keys of a form that the server looks up, and does not find.
    const keys = { operator, server: aKey('server'), ingest: aKey('ingest') }
    const secrets = await useEverySecret(client, keys)
    client.close()
    server.child.kill('SIGTERM')
    expect(await server.exit()).toBe(0)

    const password = url.match(/:([^:@/]+)@/)?.[1]
    const logs = [server.errors(), JSON.stringify(server.facts), made.errors]
    expect(logs.join('')).toContain('credentials were refused')
    expect(leaks(logs.join('\n'), [...secrets, ...(password ? [password] : [])])).toEqual([])
    await drop()
    await rm(folder, { recursive: true, force: true })
  }, 120_000)
})
