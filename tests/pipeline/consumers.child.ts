// The consumers in a process of their own, to be killed: it says when it begins and when it is done.

import type { Store } from '../../packages/server/src/store/store.ts'
import { openTestStore } from '../open-store.ts'
import { openTestAnalytics, testConsumers } from './consumers.ts'

export type ChildOrder = {
  readonly url: string
  readonly file: string
  readonly batchEvents: number
  /** A control: the checkpoint is written after the effect, and at this step the process dies between. */
  readonly diesBetween?: number
}

async function run({ url, file, batchEvents, diesBetween }: ChildOrder): Promise<void> {
  const books = openTestStore(url)
  const opened = await openTestAnalytics(file)
  const analytics = diesBetween === undefined ? opened : late(opened, diesBetween)
  process.send?.('begins')
  await testConsumers(books, { file, analytics }, { batchEvents }).drain()
  await analytics.close()
  await books.close()
  process.send?.('done')
  process.disconnect?.()
}

/** A store that commits the checkpoint in a transaction of its own, after the effect. */
function late(store: Store, diesAtStep: number): Store {
  let step = 0
  return {
    ...store,
    async transaction(work) {
      let move: (() => Promise<unknown>) | undefined
      const result = await store.transaction((tx) =>
        work({
          ...tx,
          async change(statement, tuples) {
            if (statement.name !== 'analytics.move-checkpoint') return tx.change(statement, tuples)
            move = () => store.transaction((own) => own.change(statement, tuples))
            return 1
          },
        }),
      )
      if (move) {
        step += 1
        if (step === diesAtStep) process.kill(process.pid, 'SIGKILL')
        await move()
      }
      return result
    },
  }
}

if (import.meta.main) await run(JSON.parse(process.argv[2] ?? '{}'))
