import { describe, expect, it } from 'vitest'
import { anIntent } from '../../../../tests/builders.ts'
import { createInFlight } from './idempotency.ts'

const IN_USE = { code: 'idempotency-key-in-use', retryAfter: 1 }

describe('a key in flight', () => {
  it('is refused to any other request until the first is answered (K5)', async () => {
    const inFlight = createInFlight()
    const { promise, resolve } = Promise.withResolvers<string>()
    const first = inFlight.run(anIntent('k'), () => promise)
    const again = () => inFlight.run(anIntent('k'), async () => 'second')
    await expect(again()).rejects.toMatchObject(IN_USE)
    await expect(
      inFlight.run(anIntent('k', { body: 'other' }), async () => 'second'),
    ).rejects.toMatchObject(IN_USE)
    resolve('first')
    expect(await first).toBe('first')
    expect(await again()).toBe('second')
  })

  it('is free again after a failure', async () => {
    const inFlight = createInFlight()
    const failing = inFlight.run(anIntent('k'), () => Promise.reject(new Error('no')))
    await expect(failing).rejects.toThrow('no')
    const throwing = inFlight.run(anIntent('k'), () => {
      throw new Error('at once')
    })
    await expect(throwing).rejects.toThrow('at once')
    expect(await inFlight.run(anIntent('k'), async () => 'fine')).toBe('fine')
  })

  it('stops nobody else: other callers, routes and keys, and requests without a key', async () => {
    const inFlight = createInFlight()
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiting = inFlight.run(anIntent('k'), () => promise)
    const others = [
      anIntent('k', { caller: 'player:bob' }),
      anIntent('k', { route: '/spend' }),
      anIntent('K'),
      null,
      null,
    ]
    const answers = others.map((intent) => inFlight.run(intent, async () => 'fine'))
    expect(await Promise.all(answers)).toEqual(others.map(() => 'fine'))
    resolve()
    await waiting
  })
})
