import { StoreFailure } from './port.ts'

type Waiting<I, O> = {
  readonly input: I
  resolve(output: O): void
  reject(error: unknown): void
}

/**
 * Asks for all that is wanted in one turn of the event loop with one question. A question by itself
 * costs mostly the way there and back: on PostgreSQL two thirds of the time of a balance.
 * @param askAll one output for each input, in their order; a `bug` in one input fails no other
 */
export function gather<I, O>(
  askAll: (inputs: readonly I[]) => Promise<readonly O[]>,
): (input: I) => Promise<O> {
  const waiting: Waiting<I, O>[] = []
  const ask = async (group: readonly Waiting<I, O>[]): Promise<void> => {
    try {
      const outputs = await askAll(group.map(({ input }) => input))
      if (outputs.length !== group.length) throw new Error('an answer was lost')
      outputs.forEach((output, index) => {
        group[index]?.resolve(output)
      })
    } catch (error) {
      const isOfOne = error instanceof StoreFailure && error.kind === 'bug' && group.length > 1
      for (const one of group) isOfOne ? void ask([one]) : one.reject(error)
    }
  }
  return (input) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ input, resolve, reject }) > 1) return
      setImmediate(() => void ask(waiting.splice(0)))
    })
}
