// Serves the game to a browser:
//
//   EVENT_API_KEY=… npx node examples/web-game/serve.ts [http://127.0.0.1:8000]
//
// and opens at http://localhost:3000, the origin that a Questline server allows by default. The key is
// one of scope ingest; it goes to the browser, as in every web game. The SDK is built first.
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { extname, join } from 'node:path'
import { buildPackage, ENTRIES } from '../../packages/sdk/scripts/build.ts'

export type GameSettings = {
  /** The Questline server's address. */
  readonly url: string
  readonly apiKey: string
  readonly appId: string
  /** Where the built SDK is put. */
  readonly sdkFolder: string
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}

/** A server of these files and no others. The SDK is built when this resolves; nothing listens yet. */
export async function createGameServer(settings: GameSettings): Promise<Server> {
  const { sdkFolder, ...config } = settings
  await buildPackage(sdkFolder)
  const files = new Map([
    ['/', join(import.meta.dirname, 'index.html')],
    ...['play.js', 'page.js'].map((name) => [`/${name}`, join(import.meta.dirname, name)] as const),
    ...ENTRIES.map(({ path }) => [`/sdk/${path}.js`, join(sdkFolder, `${path}.js`)] as const),
  ])
  return createServer(async (request, response) => {
    const path = request.url ?? '/'
    const file = files.get(path)
    if (path === '/config.js') {
      response.setHeader('content-type', TYPES['.js'] ?? '')
      response.end(`globalThis.QUESTLINE = ${JSON.stringify(config)}\n`)
    } else if (file) {
      response.setHeader('content-type', TYPES[extname(file)] ?? '')
      response.end(await readFile(file))
    } else response.writeHead(404).end()
  })
}

if (import.meta.main) {
  const { EVENT_API_KEY, EVENT_API_APP = 'default' } = process.env
  if (!EVENT_API_KEY) {
    console.error('Set EVENT_API_KEY to a key of scope ingest.')
    process.exit(2)
  }
  const url = process.argv[2] ?? 'http://127.0.0.1:8000'
  const sdkFolder = join(import.meta.dirname, '../../packages/sdk/dist')
  const server = await createGameServer({
    ...{ url, apiKey: EVENT_API_KEY, appId: EVENT_API_APP },
    sdkFolder,
  })
  server.listen(3_000, 'localhost', () => console.log('Play at http://localhost:3000'))
}
