import { join } from 'node:path'
import { expect, it } from 'vitest'
import { freshSqlite } from '../database.ts'
import { startServer } from '../http/server.ts'
import { runProgram } from './run-program.ts'

const ROOT = join(import.meta.dirname, '../..')
const ID = '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'

it('examples/send-events.ts prints the two answers of a running server', async () => {
  const key = 'a-key-of-this-game-0123456789abcdef'
  const database = { name: 'sqlite', fresh: freshSqlite }
  const server = await startServer(database, { settings: { EVENT_API_KEY: key } })
  const send = (settings: Record<string, string>) =>
    runProgram([join(ROOT, 'examples/send-events.ts'), server.url], {
      folder: server.dataDir,
      settings,
    })
  try {
    const run = await send({ EVENT_API_KEY: key })
    expect(run.errors).toBe('')
    expect(run.output).toMatch(
      new RegExp(
        `^Install response: 200 {"status":"accepted","event_id":"${ID}"}\n` +
          `Purchase response: 200 {"status":"accepted","event_id":"${ID}"}\n$`,
      ),
    )
    expect(run.exit).toBe(0)
    const refused = await send({ EVENT_API_KEY: 'another' })
    expect(refused).toMatchObject({ exit: 1, output: '' })
    expect(refused.errors).toContain('unauthorized')
    const without = await send({})
    expect(without).toMatchObject({ exit: 2, output: '' })
  } finally {
    await server.stop()
  }
})
