import { describe, expect, it } from 'vitest'
import { gather } from './gather.ts'
import { StoreFailure } from './port.ts'

const failure = (kind: 'bug' | 'unavailable') => new StoreFailure(kind, new Error(kind))

/** Doubles numbers; what `fails` names fails. */
function doubling(fails: (inputs: readonly number[]) => StoreFailure | null = () => null) {
  const questions: (readonly number[])[] = []
  const ask = gather(async (inputs: readonly number[]) => {
    questions.push(inputs)
    const failed = fails(inputs)
    if (failed) throw failed
    return inputs.map((input) => input * 2)
  })
  return { ask, questions }
}

describe('what is asked in one turn of the event loop', () => {
  it('is one question, and each gets its own answer', async () => {
    const { ask, questions } = doubling()
    expect(await Promise.all([1, 2, 3].map(ask))).toEqual([2, 4, 6])
    expect(await ask(4)).toBe(8)
    expect(questions).toEqual([[1, 2, 3], [4]])
  })

  it('waits for no question before it', async () => {
    const never = gather((inputs: readonly number[]) =>
      inputs.includes(1) ? new Promise<number[]>(() => undefined) : Promise.resolve([...inputs]),
    )
    void never(1)
    await new Promise(setImmediate)
    expect(await never(2)).toBe(2)
  })

  it('fails for one alone where its data is at fault', async () => {
    const { ask, questions } = doubling((inputs) => (inputs.includes(2) ? failure('bug') : null))
    const outcomes = await Promise.allSettled([1, 2, 3].map(ask))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(questions).toEqual([[1, 2, 3], [1], [2], [3]])
  })

  it('fails for all, and is not asked again, where the database is away', async () => {
    const { ask, questions } = doubling(() => failure('unavailable'))
    const outcomes = await Promise.allSettled([1, 2].map(ask))
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(questions).toHaveLength(1)
  })

  it('fails where an answer is missing', async () => {
    const ask = gather(async () => [])
    await expect(ask(1)).rejects.toThrow('an answer was lost')
  })
})
