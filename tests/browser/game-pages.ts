// A server of Questline and the pages of a game before it, on an origin that it lets in.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGameServer } from '../../examples/web-game/serve.ts'
import { freshSqlite } from '../database.ts'
import { startServer } from '../http/server.ts'
import { plainSql } from '../plain-sql.ts'
import { openSlowWay } from './slow-way.ts'

/** A page with the SDK and nothing else: `start` makes a client, `told` is what it tells. */
const BARE = `<!doctype html>
<script src="config.js"></script>
<script type="importmap">{ "imports": {
  "@questline/sdk": "./sdk/sdk.js",
  "@questline/sdk/storage/local": "./sdk/storage/local.js",
  "@questline/sdk/storage/indexeddb": "./sdk/storage/indexeddb.js"
} }</script>
<script type="module">
  import { createClient } from '@questline/sdk'
  import { localStorageQueue } from '@questline/sdk/storage/local'
  import { indexedDbQueue } from '@questline/sdk/storage/indexeddb'
  const storages = { localStorage: localStorageQueue, IndexedDB: indexedDbQueue }
  globalThis.start = (storage, settings) => {
    const client = createClient({ ...QUESTLINE, storage: storages[storage](), settings })
    globalThis.told = []
    for (const name of ['sent', 'rejected', 'dropped', 'error'])
      client.on(name, (of) => told.push({ name, ...of }))
    globalThis.client = client
  }
  globalThis.buy = () => client.purchase(
    { product_id: 'gems', quantity: 1, amount_micros: 1, currency: 'USD' })
  globalThis.isLoaded = true
</script>`

export async function openGamePages() {
  const sdkFolder = mkdtempSync(join(tmpdir(), 'questline-pages-'))
  // The origin is known first, so that the server can let it in.
  let pages: Awaited<ReturnType<typeof createGameServer>> | undefined
  const front = createServer((request, response) => {
    if (request.url === '/bare') {
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end(BARE)
    } else pages?.emit('request', request, response)
  })
  front.listen(0, '127.0.0.1')
  await once(front, 'listening')
  const bound = front.address()
  if (bound === null || typeof bound === 'string') throw new Error('a port has a number')
  const origin = `http://127.0.0.1:${bound.port}`
  const database = { name: 'sqlite', fresh: freshSqlite } as const
  const server = await startServer(database, { settings: { ALLOWED_ORIGINS: origin } })
  const { keys, databaseUrl } = server
  const way = await openSlowWay(server.url)
  const { url } = way
  pages = await createGameServer({ url, apiKey: keys.ingest, appId: 'my-game', sdkFolder })
  const one = async (sql: string): Promise<number> =>
    Number((await plainSql(databaseUrl, sql))[0]?.['n'] ?? 0)
  return {
    origin,
    /** From now on each request takes so much longer, unless its page gives it up before. */
    delay: way.delay,
    /** Events that the server has, each once. */
    accepted: () => one('SELECT sum(accepted) AS n FROM arrivals'),
    refused: () => one('SELECT sum(conflicts + rejected) AS n FROM arrivals'),
    async stop() {
      front.close()
      front.closeAllConnections()
      way.stop()
      await server.stop()
      rmSync(sdkFolder, { recursive: true, force: true })
    },
  }
}

export type GamePages = Awaited<ReturnType<typeof openGamePages>>
