// Names each step of a write, from its transaction to its answer, and can end the process at one of
// them: with SIGKILL, so that nothing is flushed, closed or rolled back by us.
import type { FastifyInstance } from 'fastify'
import type { Store, Tx } from '../../packages/server/src/store/store.ts'

export type Steps = {
  reach(step: string): void
  /** Dies when `step` is reached for the `nth` time from now on, as `log.append:3`. */
  arm(at: string): void
  /** How often each step was reached. */
  counts(): Readonly<Record<string, number>>
}

export function createSteps(die: (step: string) => void): Steps {
  const counts: Record<string, number> = {}
  let armed: { readonly step: string; left: number } | null = null
  return {
    reach(step) {
      counts[step] = (counts[step] ?? 0) + 1
      if (armed?.step !== step) return
      armed.left -= 1
      if (armed.left === 0) die(step)
    },
    arm(at) {
      const colon = at.lastIndexOf(':')
      armed = { step: at.slice(0, colon), left: Number(at.slice(colon + 1)) }
    },
    counts: () => ({ ...counts }),
  }
}

/** The store itself, with a step around everything that it does inside a writing transaction. */
export function stepping(store: Store, { reach }: Steps): Store {
  const watched = (tx: Tx): Tx => ({
    ...tx,
    async run<R>(statement: Parameters<Tx['run']>[0], tuples: Parameters<Tx['run']>[1]) {
      if (tuples.length === 0) return []
      reach(`before ${statement.name}`)
      const rows = await tx.run<R>(statement, tuples)
      reach(`after ${statement.name}`)
      return rows
    },
    async change(statement, tuples) {
      if (tuples.length === 0) return 0
      reach(`before ${statement.name}`)
      const changed = await tx.change(statement, tuples)
      reach(`after ${statement.name}`)
      return changed
    },
  })
  return {
    ...store,
    async transaction<T>(work: (tx: Tx) => Promise<T>) {
      reach('before begin')
      const result = await store.transaction(async (tx) => {
        reach('after begin')
        const done = await work(watched(tx))
        reach('before commit')
        return done
      })
      reach('after commit')
      return result
    },
  }
}

/** Steps before and after the bytes of an answer to a write go to its socket. */
export function stepAnswers(app: FastifyInstance, { reach }: Steps): void {
  const isWrite = (method: string, url: string) => method !== 'GET' || url.startsWith('/track')
  app.addHook('onSend', async (request) => {
    if (isWrite(request.method, request.url)) reach('before answer')
  })
  app.addHook('onResponse', async (request) => {
    if (isWrite(request.method, request.url)) reach('after answer')
  })
}
