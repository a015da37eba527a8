import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GENERATED } from '../packages/server/src/cli/openapi.ts'
import { freshSqlite } from './database.ts'
import { PRODUCTION, startServer, type TestServer } from './http/server.ts'
import { runNode } from './run-node.ts'

const DATABASE = { name: 'sqlite', fresh: freshSqlite }
const PAGES = ['/docs', '/redoc'] as const

/** What a page loads, as addresses on the server: it stands in the root, so they are relative to that. */
const loadedBy = (html: string) =>
  [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url)

describe('in development', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer(DATABASE)
  })
  afterAll(() => server.stop())

  test('/openapi.json is the committed document', async () => {
    const answer = await server.send('/openapi.json')
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(answer.text).toBe(await GENERATED['openapi.json']())
  })

  test.each(PAGES)('%s loads from this server alone, and all of it is there', async (page) => {
    const { status, headers, text } = await server.send(page)
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    const urls = loadedBy(text).filter((url) => url !== 'data:,')
    expect(urls.length).toBeGreaterThanOrEqual(3)
    for (const url of urls) {
      expect(url).toMatch(new RegExp(`^${page.slice(1)}/[a-z.-]+$`))
      const answer = await server.send(`/${url}`)
      expect(answer.status, url).toBe(200)
      const type = url.endsWith('.css') ? 'text/css' : 'text/javascript'
      expect(answer.headers['content-type']).toBe(`${type}; charset=utf-8`)
      expect(answer.text.length).toBeGreaterThan(10)
      expect(answer.text.match(/https:\/\/(?:cdn|fonts)\.[^"']*/g), url).toBeNull()
    }
  })

  test.each(PAGES)('%s runs no script that stands in the page', async (page) => {
    const { headers, text } = await server.send(page)
    expect(text).not.toMatch(/<script(?![^>]* src=)|\son\w+=|javascript:/)
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe-eval|https?:|\*/)
  })

  test.each(['/openapi.json', '/docs', '/docs/start.js', '/redoc'])(
    '%s answers HEAD, and 405 to other methods',
    async (path) => {
      expect((await server.send(path, { method: 'HEAD' })).status).toBe(200)
      const { status, headers } = await server.send(path, { method: 'POST' })
      expect([status, headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS'])
    },
  )

  test('no other file of the packages can be had', async () => {
    for (const path of ['/docs/../package.json', '/docs/%2e%2e/package.json', '/redoc/x.js']) {
      expect((await server.send(path)).status).toBe(404)
    }
  })
})

describe('in production', () => {
  const paths = ['/openapi.json', '/docs', '/docs/swagger-ui.css', '/redoc', '/redoc/start.js']
  let server: TestServer
  beforeAll(async () => {
    server = await startServer(DATABASE, { settings: PRODUCTION })
  })
  afterAll(() => server.stop())

  test.each(paths)('%s is for operators alone', async (path) => {
    const answerTo = async (token?: string) => {
      const { status, body } = await server.send(path, { token })
      return [status, body['code']]
    }
    expect(await answerTo()).toEqual([401, 'unauthenticated'])
    expect(await answerTo('x.y.z')).toEqual([401, 'invalid-token'])
    expect(await answerTo(await server.guest('alice'))).toEqual([403, 'door-closed'])
    expect(await answerTo(server.keys.server)).toEqual([403, 'door-closed'])
    expect(await answerTo(server.keys.ingest)).toEqual([403, 'door-closed'])
    expect((await answerTo(server.keys.operator))[0]).toBe(200)
  })

  test('HEAD is no way around', async () => {
    expect((await server.send('/openapi.json', { method: 'HEAD' })).status).toBe(401)
  })
})

test('DOCS_PUBLIC opens them in production', async () => {
  const server = await startServer(DATABASE, { settings: { ...PRODUCTION, DOCS_PUBLIC: 'on' } })
  try {
    for (const path of ['/openapi.json', '/docs', '/redoc']) {
      expect((await server.send(path)).status).toBe(200)
    }
  } finally {
    await server.stop()
  }
})

test('a server starts without loading what makes the document', async () => {
  const root = resolve(import.meta.dirname, '..')
  const main = resolve(root, 'packages/server/src/main.ts')
  const run = `import(${JSON.stringify(main)}).then(() => console.log(Object.keys(require.cache).join('\\n')))`
  const { output } = await runNode(['-e', run], root)
  expect(output).toContain('/node_modules/fastify/')
  expect(output).not.toContain('/node_modules/@fastify/swagger')
})
