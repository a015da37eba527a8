// The benchmark that counts what SDKs lose must itself lose nothing, or a vendor is wronged.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type FaultyServer,
  markOf,
  RETRY_AFTER_S,
  SMALL_BYTES_MAX,
  startFaultyServer,
} from '../bench/sdk/faulty-server.ts'
import { PROTOCOLS, type SdkName } from '../bench/sdk/protocols.ts'
import { tallyOf } from '../bench/sdk/tally.ts'

const ROOT = join(import.meta.dirname, '..')

type Shape = { readonly path: string; readonly body: (events: readonly object[]) => unknown }
const SHAPES: Readonly<Record<SdkName, Shape>> = {
  questline: { path: '/v1/events', body: (events) => ({ events }) },
  posthog: { path: '/batch/', body: (batch) => ({ batch }) },
  gameanalytics: { path: '/v2/0123/events', body: (events) => events },
  segment: { path: '/v1/batch', body: (batch) => ({ batch }) },
}
const SDKS = Object.keys(SHAPES) as SdkName[]

let server: FaultyServer | undefined
afterEach(() => server?.[Symbol.asyncDispose]())

async function start(sdk: SdkName) {
  const started = await startFaultyServer(PROTOCOLS[sdk])
  server = started
  const { path, body } = SHAPES[sdk]
  const id = PROTOCOLS[sdk].id ?? 'none'
  const send = (numbers: readonly number[], init: RequestInit = {}): Promise<Response> => {
    const events = numbers.map((n) => ({ [id]: `id-${n}`, properties: { mark: markOf(n) } }))
    const text = JSON.stringify(body(events))
    return fetch(`${started.url}${path}`, { method: 'POST', body: text, ...init })
  }
  return { started, send }
}

describe('the faulty server', () => {
  it.each(SDKS)(
    'takes events of %s, and counts those that come again as its server does',
    async (sdk) => {
      const { started, send } = await start(sdk)

      expect((await send([1, 2])).status).toBe(200)
      expect((await send([2, 3])).status).toBe(200)

      expect([...started.copies]).toEqual([
        [markOf(1), 1],
        [markOf(2), 2],
        [markOf(3), 1],
      ])
      expect(started.counts.get(markOf(2))).toBe(PROTOCOLS[sdk].id === undefined ? 2 : 1)
    },
  )

  it('says to ours what became of each event', async () => {
    const { send } = await start('questline')
    await send([1])

    const { results } = Object(await (await send([1, 2])).json())

    expect(results).toEqual([
      { event_id: 'id-1', status: 'duplicate' },
      { event_id: 'id-2', status: 'accepted' },
    ])
  })

  it('reads what came compressed', async () => {
    const { started, send } = await start('posthog')
    const body = gzipSync(
      JSON.stringify({ batch: [{ uuid: 'u', properties: { mark: markOf(7) } }] }),
    )

    await send([], { body, headers: { 'content-encoding': 'gzip' } })

    expect([...started.counts.keys()]).toEqual([markOf(7)])
  })

  it('cuts, refuses and asks to wait without taking anything, and then is well again', async () => {
    const { started, send } = await start('segment')
    started.weather = 'cut'
    await expect(send([1])).rejects.toThrow()
    started.weather = 'unavailable'
    expect(await (await send([1])).text()).toContain('503')
    started.weather = 'unavailable-bare'
    expect(await (await send([1])).text()).toBe('')
    started.weather = 'too-many'
    const refused = await send([1])
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, `${RETRY_AFTER_S}`])
    expect(started.early()).toBe(0)
    expect(started.copies.size).toBe(0)

    started.weather = 'up'
    expect((await send([1])).status).toBe(200)
    expect(started.early()).toBe(1)
    expect(started.counts.size).toBe(1)
  })

  it.each(SDKS)(
    'refuses a large request of %s as its server does, and takes a small one',
    async (sdk) => {
      const { started, send } = await start(sdk)
      started.weather = 'small'
      const large = Array.from({ length: SMALL_BYTES_MAX / 20 }, (_, n) => n)

      expect((await send(large)).status).toBe(sdk === 'segment' ? 400 : 413)
      expect(started.copies.size).toBe(0)
      expect((await send([1])).status).toBe(200)
    },
  )

  it('takes what it loses the answer to', async () => {
    const { started, send } = await start('gameanalytics')
    started.weather = 'answers-lost'

    await expect(send([1])).rejects.toThrow()

    expect(started.counts.size).toBe(1)
  })
})

describe('the tally', () => {
  const books = (copies: readonly [number, number][], counts = copies) => ({
    copies: new Map(copies.map(([n, count]) => [markOf(n), count])),
    counts: new Map(counts.map(([n, count]) => [markOf(n), count])),
    requests: () => 3,
    early: () => 1,
  })
  const marks = (...numbers: readonly number[]) => new Set(numbers.map(markOf))
  const isPurchase = (mark: string) => mark === markOf(1)

  it('tells lost from queued, and does not call queued what the server has', () => {
    const tally = tallyOf(marks(1, 2, 3, 4), isPurchase, marks(2, 3), books([[3, 1]]))

    expect(tally).toMatchObject({ recorded: 4, lost: 2, purchasesLost: 1, queued: 1 })
  })

  it('calls doubled what is counted twice, and not what only came twice', () => {
    const tally = tallyOf(
      marks(1, 2),
      isPurchase,
      marks(),
      books(
        [
          [1, 3],
          [2, 2],
        ],
        [
          [1, 1],
          [2, 2],
        ],
      ),
    )

    expect(tally).toMatchObject({ lost: 0, doubled: 1, copies: 3, requests: 3, early: 1 })
  })
})

describe('the SDKs beside ours', () => {
  const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
  const { dependencies, private: isPrivate } = JSON.parse(read('bench/sdk/package.json'))

  it('are pinned, and locked without the address of a registry', () => {
    const locked = JSON.parse(read('bench/sdk/package-lock.json')).packages
    for (const [name, version] of Object.entries(dependencies))
      expect(locked[`node_modules/${name}`]).toMatchObject({ version })
    for (const one of Object.values<object>(locked)) expect(one).not.toHaveProperty('resolved')
    expect(isPrivate).toBe(true)
  })

  it('are no part of the product', () => {
    const product = Object.keys(JSON.parse(read('package-lock.json')).packages)
    for (const name of Object.keys(dependencies))
      expect(product).not.toContain(`node_modules/${name}`)
  })
})
