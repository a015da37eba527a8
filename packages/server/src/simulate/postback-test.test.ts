import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { POSTBACK_STORED } from '@questline/contracts'
import { afterEach, describe, expect, it } from 'vitest'
import { DATABASES } from '../../../../tests/database.ts'
import { plainSql } from '../../../../tests/plain-sql.ts'
import { loadConfig } from '../config/config.ts'
import { startQuestline } from '../main.ts'
import { systemClock, systemRandom } from '../platform/platform.ts'
import { type PostbackTestSettings, runPostbackTest, signPostback } from './postback-test.ts'

const SECRET = 'ca38b4c1f0a94c5a8f0e6b4a1f6f0b9d'
const parts = { clock: systemClock, random: systemRandom() }

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const run = (settings: Partial<PostbackTestSettings> & { readonly url: string }) =>
  runPostbackTest(parts, { secret: SECRET, timeoutMs: 5_000, ...settings })

/** Names of the checks that failed. */
async function failures(settings: Partial<PostbackTestSettings> & { readonly url: string }) {
  const { checks, passed } = await run(settings)
  const failed = checks.filter((check) => !check.passed).map(({ name }) => name)
  expect(passed).toBe(failed.length === 0)
  return failed
}

describe.each(DATABASES)('against a real server on $name', ({ fresh }) => {
  async function start(environment: 'development' | 'production') {
    const { url: databaseUrl, drop } = await fresh()
    closing.push(drop)
    const dataDir = await mkdtemp(join(tmpdir(), 'questline-postback-test-'))
    closing.push(() => rm(dataDir, { recursive: true, force: true }))
    const server = await startQuestline(
      loadConfig({
        ...{ ENVIRONMENT: environment, DATA_DIR: dataDir, DATABASE_URL: databaseUrl },
        ...{ HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'silent' },
        ...{ AF_SECRET: SECRET, JWT_SECRET: `${SECRET} for tokens` },
      }),
    )
    closing.push(() => server.stop())
    return { url: server.address, databaseUrl }
  }
  const stored = (databaseUrl: string) =>
    plainSql(databaseUrl, 'SELECT verified FROM raw_postbacks ORDER BY postback_id')

  it('passes in development, and finds the door for unsigned postbacks open', async () => {
    const { url, databaseUrl } = await start('development')
    const result = await run({ url })
    expect(result).toMatchObject({ passed: true, unsignedDoor: 'open' })
    expect(result.checks.map(({ name, status }) => [name, status])).toEqual([
      ['unsigned', 200],
      ['valid', 200],
      ['invalid', 401],
      ['tampered', 401],
      ['curl', 200],
    ])
    expect(await stored(databaseUrl)).toEqual([{ verified: 0n }, { verified: 1n }])
    expect(await failures({ url, unsigned: 'accepted' })).toEqual([])
    expect(await failures({ url, unsigned: 'refused' })).toEqual(['unsigned'])
  })

  it('passes in production, and finds that door closed', async () => {
    const { url, databaseUrl } = await start('production')
    expect(await run({ url, unsigned: 'refused' })).toMatchObject({
      passed: true,
      unsignedDoor: 'closed',
    })
    expect(await stored(databaseUrl)).toEqual([{ verified: 1n }])
    expect(await failures({ url, unsigned: 'accepted' })).toEqual(['unsigned'])
  })

  it('fails with another secret than the server has', async () => {
    const { url } = await start('production')
    expect(await failures({ url, secret: 'another' })).toEqual(['valid', 'curl'])
  })

  it('finds the route behind its alias, a slash at the end and its full address', async () => {
    const { url } = await start('development')
    for (const path of ['/', '/af/postback', '/appsflyer/postback']) {
      expect(await failures({ url: `${url}${path}` })).toEqual([])
    }
  })

  it('prints a curl command that a shell runs as it is', async ({ skip }) => {
    const curl = await promisify(execFile)('curl', ['--version']).catch(() => null)
    if (curl === null) skip('this machine has no curl')
    const { url } = await start('production')
    const { curl: command } = await run({ url })
    const { stdout } = await promisify(execFile)('sh', ['-c', `${command} --silent`])
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, duplicate: true })
  })
})

type Handle = (request: IncomingMessage, reply: ServerResponse, count: number) => void

/** A server that is wrong in some way. */
async function serve(handle: Handle): Promise<string> {
  let count = 0
  const server: Server = createServer((request, reply) => {
    count += 1
    handle(request, reply, count)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const store = (reply: ServerResponse, id: number, more: object = {}): void => {
  const body = { ok: true, postbackId: id, eventId: id, message: POSTBACK_STORED, ...more }
  reply.end(JSON.stringify(body))
}
const refuse = (reply: ServerResponse, status = 401): void => {
  reply.statusCode = status
  reply.end(JSON.stringify({ code: 'invalid-signature', title: 'The postback is not verified.' }))
}
const ALL = ['unsigned', 'valid', 'invalid', 'tampered', 'curl']

describe('finds a server at fault', () => {
  it.each<[string, Handle, readonly string[]]>([
    [
      'that believes everybody',
      (_request, reply, count) => store(reply, count),
      ['invalid', 'tampered', 'curl'],
    ],
    ['that refuses everybody', (_request, reply) => refuse(reply), ['valid', 'curl']],
    ['that refuses with another status', (_request, reply) => refuse(reply, 403), ALL],
    ['that fails', (_request, reply) => refuse(reply, 500), ALL],
    ['that says nothing', (_request, reply) => void reply.end(), ALL],
    ['that is no JSON server', (_request, reply) => void reply.end('<h1>Welcome</h1>'), ALL],
    [
      'that sends elsewhere',
      (request, reply, count) => {
        if (request.url === '/other') store(reply, count)
        else reply.writeHead(308, { location: `http://${request.headers.host}/other` }).end()
      },
      ALL,
    ],
    ['that hangs up', (request) => void request.destroy(), ALL],
    [
      'that counts the same postback twice',
      (_request, reply, count) =>
        count === 3 || count === 4 ? refuse(reply) : store(reply, count),
      ['curl'],
    ],
    [
      'that does not say that it is a duplicate',
      (_request, reply, count) => (count === 3 || count === 4 ? refuse(reply) : store(reply, 7)),
      ['curl'],
    ],
    [
      'that recognises it under another id',
      (_request, reply, count) => {
        if (count === 3 || count === 4) refuse(reply)
        else store(reply, count, count === 5 ? { duplicate: true } : {})
      },
      ['curl'],
    ],
  ])('%s', async (_name, handle, failed) => {
    expect(await failures({ url: await serve(handle) })).toEqual(failed)
  })

  it('that does not answer in time', async () => {
    const url = await serve(() => undefined)
    const { checks, unsignedDoor } = await run({ url, timeoutMs: 50 })
    expect(unsignedDoor).toBeNull()
    expect(checks.map(({ status }) => status)).toEqual(Array(5).fill(null))
    expect(checks[0]?.detail).toMatch(/no answer: .*(timeout|aborted)/)
  })

  it('that is not there', async () => {
    const url = await serve(() => undefined)
    await closing.pop()?.()
    const { checks } = await run({ url })
    expect(checks.map(({ passed }) => passed)).toEqual(Array(5).fill(false))
    expect(checks[1]?.detail).toContain('ECONNREFUSED')
  })
})

it('signs as a published test vector has it', () => {
  // RFC 4231, test case 2.
  expect(signPostback('Jefe', 'what do ya want for nothing?')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  )
})

it('finds the route below a prefix', async () => {
  const asked = new Set<string | undefined>()
  const url = await serve((request, reply) => {
    asked.add(request.url)
    refuse(reply)
  })
  for (const path of ['/game', '/game/', '/game/af/postback']) await run({ url: url + path })
  expect([...asked]).toEqual(['/game/af/postback'])
})

it('quotes what a shell would take apart', async () => {
  const url = await serve((_request, reply) => refuse(reply))
  const { curl } = await run({ url: `${url}/it's?a=1&b=$HOME` })
  expect(curl).toContain(`'\\''s/af/postback?a=1&b=$HOME'`)
})
