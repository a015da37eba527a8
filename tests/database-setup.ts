/**
 * Runs once around a run of tests. One PostgreSQL serves all test files, and it starts when the
 * first of them asks for a database: a run that needs none pays nothing. When it cannot start, each
 * test that asked fails with the reason; nothing is skipped.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { TestProject } from 'vitest/node'
import { type Postgres, startPostgres } from './postgres/postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Answers each GET with the URL of the one PostgreSQL, or 500 and why there is none. */
    readonly postgresDesk: string
  }
}

let postgres: Promise<Postgres> | undefined

const desk = createServer((_request, response) => {
  postgres ??= startPostgres({ max_connections: '200' })
  postgres.then(
    ({ url }) => response.end(url),
    (error: unknown) => response.writeHead(500).end(String(error)),
  )
})

export async function setup(project: TestProject): Promise<void> {
  desk.listen(0, '127.0.0.1')
  await once(desk, 'listening')
  const address = desk.address()
  if (address === null || typeof address === 'string') throw new Error('a port has a number')
  project.provide('postgresDesk', `http://127.0.0.1:${address.port}`)
}

export async function teardown(): Promise<void> {
  desk.close()
  desk.closeAllConnections()
  // One that did not start has nothing to stop, and the tests have said so.
  const started = await postgres?.catch(() => undefined)
  await started?.stop()
}
