import { describe, expect, it } from 'vitest'
import { type Service, startAll } from './lifecycle.ts'

describe('services', () => {
  const steps: string[] = []
  const service = (name: string, faults: { start?: boolean; stop?: boolean } = {}): Service => ({
    name,
    async start() {
      steps.push(`start ${name}`)
      if (faults.start) throw new Error(`${name} does not start`)
      return async () => {
        steps.push(`stop ${name}`)
        if (faults.stop) throw new Error(`${name} does not stop`)
      }
    },
  })
  const taken = () => steps.splice(0)

  it('start in order and stop in reverse, once', async () => {
    const stop = await startAll([service('a'), service('b'), service('c')])
    expect(taken()).toEqual(['start a', 'start b', 'start c'])
    await stop()
    expect(taken()).toEqual(['stop c', 'stop b', 'stop a'])
    await stop()
    expect(taken()).toEqual([])
  })

  it('that were started are stopped when a later one does not start', async () => {
    const starting = startAll([service('a'), service('b'), service('c', { start: true })])
    await expect(starting).rejects.toThrow('c does not start')
    expect(taken()).toEqual(['start a', 'start b', 'start c', 'stop b', 'stop a'])
  })

  it('are all stopped, whichever of them fails to', async () => {
    const stop = await startAll([service('a'), service('b', { stop: true }), service('c')])
    taken()
    const failure = await stop().catch((error: unknown) => error)
    expect(taken()).toEqual(['stop c', 'stop b', 'stop a'])
    expect(failure).toMatchObject({ errors: [new Error('b does not stop')] })
  })

  it('are all stopped also when one throws at once', async () => {
    const throwing: Service = {
      name: 'b',
      start: async () => () => {
        throw new Error('at once')
      },
    }
    const stop = await startAll([service('a'), throwing])
    taken()
    await expect(stop()).rejects.toThrow(/did not stop cleanly/)
    expect(taken()).toEqual(['stop a'])
  })

  it('say why they did not start, also when stopping the others fails too', async () => {
    const starting = startAll([service('a', { stop: true }), service('b', { start: true })])
    await expect(starting).rejects.toThrow('b does not start')
    expect(taken()).toEqual(['start a', 'start b', 'stop a'])
  })
})
