// Where the browser has no locks, a tab that sleeps for long loses its queue to one that is awake.
import { localStorageQueue } from '@questline/sdk/storage/local'
import { expect, it } from 'vitest'
import { createDevice, PURCHASE } from './device.ts'
import { START } from './fake-host.ts'
import { createFakeServer } from './fake-server.ts'
import { createLocalItems } from './items.ts'

it('a tab that wakes up without its queue takes another one, and loses nothing', async () => {
  const items = createLocalItems()
  const storage = () => localStorageQueue({ items, locks: null })
  const server = createFakeServer()
  server.fault = () => ({ kind: 'reset' })
  const buy = async ({ client, host }: ReturnType<typeof createDevice>): Promise<string> => {
    const purchase = client.purchase(PURCHASE)
    await host.pass(200)
    const { event_id, stored } = await purchase
    expect(stored).toBe(true)
    return event_id
  }

  const sleeper = createDevice(server, { storage: storage() })
  const ids = [await buy(sleeper)]
  // Time passes for the other tab only.
  const awake = createDevice(server, { storage: storage(), seed: 2, at: START + 60_000 })
  ids.push(await buy(awake))
  sleeper.host.setClock(awake.host.now())
  ids.push(await buy(sleeper), await buy(sleeper), await buy(awake))

  // Both write to the same storage again, each to a queue of its own.
  const lanes = new Set([...items.texts.keys()].map((key) => key.split('/').slice(0, 3).join('/')))
  expect([...lanes].filter((lane) => lane.startsWith('questline/'))).toHaveLength(2)
  for (const { host } of [sleeper, awake]) host.die()
  server.fault = undefined
  const later = createDevice(server, { storage: storage(), seed: 3, at: START + 3_600_000 })
  await later.host.pass(600_000)
  expect(server.stored.map((event) => event.event_id).sort()).toEqual(ids.sort())
  expect(server.violations).toEqual([])
})
