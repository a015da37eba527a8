import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@questline/sdk'
import { createPlayers } from '@questline/sdk/players'
import { localStorageQueue } from '@questline/sdk/storage/local'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createGameServer } from '../../examples/web-game/serve.ts'
import { freshSqlite } from '../database.ts'
import { startServer, type TestServer } from '../http/server.ts'
import { createLocalItems } from './items.ts'

// A browser takes it as it is, so it is JavaScript without types.
const PLAY = '../../examples/web-game/play.js'
const { createGame } = await import(PLAY)

const sdkFolder = mkdtempSync(join(tmpdir(), 'questline-web-game-'))
let questline: TestServer
let pages: Server
let address: string

beforeAll(async () => {
  questline = await startServer({ name: 'sqlite', fresh: freshSqlite })
  const { url, keys } = questline
  pages = await createGameServer({ url, apiKey: keys.ingest, appId: 'my-game', sdkFolder })
  pages.listen(0, '127.0.0.1')
  await once(pages, 'listening')
  const bound = pages.address()
  if (bound === null || typeof bound === 'string') throw new Error('a port has a number')
  address = `http://127.0.0.1:${bound.port}`
})
afterAll(async () => {
  pages.close()
  await questline.stop()
  rmSync(sdkFolder, { recursive: true })
})

const load = async (path: string): Promise<string> => {
  const answer = await fetch(`${address}/${path}`)
  expect(answer.status, path).toBe(200)
  expect(answer.headers.get('content-type'), path).toMatch(/^text\/(?:html|javascript);/)
  return answer.text()
}

it('serves its page, and all that the page and its modules ask for', async () => {
  const page = await load('')
  const scripts = [...page.matchAll(/src="([^"]+)"/g)].map(([, path]) => path ?? '')
  const [, map = ''] = /<script type="importmap">([\s\S]*?)<\/script>/.exec(page) ?? []
  const { imports } = JSON.parse(map)
  expect(scripts).toEqual(['config.js', 'page.js'])
  expect(await load('config.js')).toContain(questline.url)
  for (const path of ['page.js', 'play.js', ...Object.values<string>(imports)]) {
    const code = await load(path)
    for (const [, specifier = ''] of code.matchAll(/^import .* from '([^']+)'/gm)) {
      await load(specifier.startsWith('.') ? specifier : imports[specifier])
    }
  }
  // Every element that the page's code looks up is there.
  for (const [, id] of (await load('page.js')).matchAll(/element\('(\w+)'\)/g))
    expect(page).toContain(`id="${id}"`)
  expect((await fetch(`${address}/../serve.ts`)).status).toBe(404)
  expect((await fetch(`${address}/%2e%2e/serve.ts`)).status).toBe(404)
})

it('may be played from its origin: the server lets its browser in', async () => {
  const answer = await fetch(`${questline.url}/v1/events`, {
    method: 'OPTIONS',
    headers: {
      origin: 'http://localhost:3000',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-encoding,x-monotonic',
    },
  })
  expect(answer.headers.get('access-control-allow-origin')).toBe('http://localhost:3000')
  const allowed = String(answer.headers.get('access-control-allow-headers')).toLowerCase()
  for (const name of ['authorization', 'content-encoding', 'idempotency-key', 'x-request-id'])
    expect(allowed).toContain(name)
  for (const name of ['x-attempt', 'x-sent-at', 'x-sdk', 'x-monotonic'])
    expect(allowed).toContain(name)
})

it('is played: rounds are told, coins are earned and spent, a purchase is sent', async () => {
  const sent: string[] = []
  const messages = new Set<string>()
  let clock = 0
  const client = createClient({
    ...{ url: questline.url, apiKey: questline.keys.ingest, appId: 'my-game' },
    platform: 'web',
    storage: localStorageQueue({ items: createLocalItems() }),
  })
  client.on('sent', ({ event_type }) => sent.push(event_type))
  client.on('rejected', (notice) => sent.push(JSON.stringify(notice)))
  const players = createPlayers({ url: questline.url, storage: createLocalItems() })
  const game = createGame({
    client,
    players,
    now: () => clock,
    changed: ({ message }: { message: string }) => messages.add(message),
  })
  await game.enter()
  for (const gems of [3, 12, 9]) {
    clock += 1_000
    game.start()
    for (let n = 0; n < gems; n += 1) game.collect()
    clock += 20_000
    await game.finish()
  }
  game.collect()
  expect(game.state).toMatchObject({ level: 2, coins: 12, gems: 9 })
  await game.buyHat()
  await game.buyPack()
  await game.buyHat()
  expect(await players.balance()).toBe(92)
  expect(game.state).toMatchObject({ coins: 92, hats: 1 })
  expect(messages).toContain('Not enough coins.')
  await client.shutdown()
  const counts = Object.groupBy(sent, (type) => type)
  expect(Object.entries(counts).map(([type, all]) => [type, all?.length])).toEqual([
    ['session_start', 1],
    ['progression', 6],
    ['economy', 3],
    ['purchase', 1],
    ['session_end', 1],
  ])
})
