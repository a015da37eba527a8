// A server that fails once its books are open: they are closed, and the next start has them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DATABASES, type FreshDatabase } from '../database.ts'
import { startServer } from './server.ts'

describe.each(DATABASES)('on $name', ({ name, fresh }) => {
  let made: FreshDatabase
  beforeAll(async () => {
    made = await fresh()
  })
  afterAll(() => made.drop())

  test('the next server starts on the same database', async () => {
    const database = { name, fresh: async () => ({ ...made, drop: async () => undefined }) }
    const closed: string[] = []
    const fault = new Error('this part cannot be put together')
    const failing = startServer(database, {
      world: {
        decorateStore: (store) => ({
          ...store,
          close: async () => {
            await store.close()
            closed.push('books')
          },
        }),
      },
      prepare: () => {
        throw fault
      },
    })
    await expect(failing).rejects.toBe(fault)
    expect(closed).toEqual(['books'])
    const server = await startServer(database)
    expect((await server.send('/health/live')).status).toBe(200)
    await server.stop()
  })
})
