import { describe, expect, it } from 'vitest'
import { acknowledgements, type Call } from './trace-reader.ts'

type Step = readonly [name: string, text: string]
const WAL = '22</data/app.db-wal>'
const page = (amount: number): Step => [
  'pwrite64',
  `${WAL}, "\\0{\\"amount\\":${amount},\\"currency\\"", 4096, 0) = 4096`,
]
const answer = (amount: number): Step => [
  'write',
  `29<socket:[1]>, "HTTP/1.1 200 OK\\r\\n\\r\\n{\\"ok\\":true,\\"amount\\":${amount},\\"balance\\"", 300) = 300`,
]
const sync: Step = ['fsync', `${WAL}) = 0`]

async function* asCalls(steps: readonly Step[]): AsyncGenerator<Call> {
  for (const [index, [name, text]] of steps.entries()) {
    yield { name, text, begun: index + 1, ended: index + 1 }
  }
}
const earlyIn = async (...steps: Step[]) => (await acknowledgements(asCalls(steps))).early

describe('acknowledgements', () => {
  it('accepts answers after the sync of what they acknowledge', async () => {
    expect(await earlyIn(page(1), page(2), sync, answer(2), answer(1))).toEqual([])
  })

  it('finds an answer without a sync, one before it, and one that was never written', async () => {
    expect(await earlyIn(sync, page(1), answer(1))).toEqual([1])
    expect(await earlyIn(page(1), answer(1), sync)).toEqual([1])
    expect(await earlyIn(sync, answer(1))).toEqual([1])
  })

  it('counts neither a sync that failed nor one of another file', async () => {
    const failed: Step = ['fsync', `${WAL}) = -1 EIO (Input/output error)`]
    expect(await earlyIn(page(1), failed, answer(1))).toEqual([1])
    expect(await earlyIn(page(1), ['fsync', '9</data/app.db>) = 0'], answer(1))).toEqual([1])
  })

  it('goes by the first write, since a page is written again with every later entry', async () => {
    expect(await earlyIn(page(1), sync, page(1), page(2), answer(1), sync, answer(2))).toEqual([])
  })
})
