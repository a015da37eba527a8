import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { freshSqlite } from '../database.ts'
import { startServer, type TestServer } from '../http/server.ts'
import { codeBlocks, ROOT, readPage, section } from './markdown.ts'

type Wanted = { readonly path: string; readonly body: string; readonly key: string }
type Send = (server: string, token: string, wanted: Wanted) => Promise<Response>

/** What happens to a request on its way: it arrives, its answer is lost, or it is answered for the server. */
type Fate = 'arrives' | 'loses its answer' | { readonly status: number; readonly code: string }

const example = codeBlocks(section(readPage('docs/api.md').text, 'Idempotency'))

let folder = ''
let send: Send
let server: TestServer
let token = ''
let road: Server
let roadUrl = ''
let fates: Fate[] = []
let sent: string[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'questline-example-'))
  await writeFile(join(folder, 'send.ts'), example[0]?.text ?? '')
  ;({ send } = (await import(pathToFileURL(join(folder, 'send.ts')).href)) as { send: Send })
  server = await startServer({ name: 'sqlite', fresh: freshSqlite })
  token = await server.guest('ada')
  road = createServer((request, response) => void travel(request, response))
  road.listen(0, '127.0.0.1')
  await once(road, 'listening')
  const address = road.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  roadUrl = `http://127.0.0.1:${address.port}`
})
beforeEach(() => {
  fates = []
  sent = []
})
afterAll(async () => {
  road?.closeAllConnections()
  road?.close()
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function travel(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = (await request.toArray()).join('')
  sent.push(`${request.headers['idempotency-key']} ${body}`)
  const fate = fates.shift() ?? 'arrives'
  if (typeof fate === 'object') {
    response.writeHead(fate.status, { 'retry-after': '1' })
    response.end(JSON.stringify({ code: fate.code }))
    return
  }
  const answer = await server.send(request.url ?? '/', {
    body,
    token,
    key: String(request.headers['idempotency-key']),
  })
  if (fate === 'loses its answer') request.socket.destroy()
  else response.writeHead(answer.status, answer.headers).end(answer.text)
}

const balance = async () => (await server.send('/balance', { token })).body['balance']
const earn = (amount: number, key: string): Wanted => ({
  path: '/earn',
  body: JSON.stringify({ amount }),
  key,
})

describe("the example's function", () => {
  it('is the only one in its section, and compiles under strict rules', async () => {
    expect(example.map(({ language }) => language)).toEqual(['ts'])
    const tsc = join(ROOT, 'node_modules/.bin/tsc')
    const flags = ['--noEmit', '--strict', '--target', 'esnext', '--module', 'nodenext']
    const lib = ['--lib', 'esnext,dom', '--types', '', '--ignoreConfig']
    const check = promisify(execFile)(tsc, [...flags, ...lib, join(folder, 'send.ts')])
    await expect(check).resolves.toMatchObject({ stdout: '' })
  })

  it('earns once although the first answer was lost and the server was busy', async () => {
    fates = ['loses its answer', { status: 503, code: 'overloaded' }]
    const answer = await send(roadUrl, token, earn(50, 'k-lost'))
    expect(answer.headers.get('idempotency-replayed')).toBe('true')
    expect(await answer.json()).toEqual({ ok: true, userId: 'ada', amount: 50, balance: 50 })
    expect(await balance()).toBe(50)
    expect(new Set(sent).size).toBe(1)
    expect(sent).toHaveLength(3)
  })

  it('waits for a request of its own that is still running', async () => {
    fates = [{ status: 409, code: 'idempotency-key-in-use' }]
    expect((await send(roadUrl, token, earn(5, 'k-running'))).status).toBe(200)
    expect(sent).toHaveLength(2)
  })

  it('takes a refusal for an answer', async () => {
    const before = await balance()
    const wanted = { path: '/spend', body: '{"amount":100000}', key: 'k-dear' }
    const answer = await send(roadUrl, token, wanted)
    expect(answer.status).toBe(409)
    expect(await answer.json()).toMatchObject({ code: 'insufficient-funds' })
    expect(sent).toHaveLength(1)
    expect(await balance()).toBe(before)
  })

  it('gives up when nobody answers, and says so', async () => {
    vi.stubGlobal('setTimeout', (work: () => void) => void setImmediate(work))
    try {
      const nobody = send('http://127.0.0.1:1', token, earn(5, 'k-nobody'))
      await expect(nobody).rejects.toThrow('cannot be reached')
    } finally {
      vi.unstubAllGlobals()
    }
  })
})
