// A store that a test can break, hold and let go: what disks and networks do, between two commits.
import {
  type Statement,
  type Store,
  StoreFailure,
  type Tx,
} from '../../packages/server/src/store/store.ts'

export type Switch = {
  /** For `World.decorateStore`. */
  decorate(store: Store): Store
  /** Everything fails as when the database cannot be reached. */
  break(): void
  /** The next commit does all its work and is then rolled back, as by a bug. */
  failNext(error: Error): void
  /** Commits wait at their beginning until `release`. */
  hold(): void
  /** Commits are done, and their results wait until `release`. */
  holdResults(): void
  /** Reads wait until `release`. */
  holdReads(): void
  /** How many commits wait for that now. */
  readonly held: () => number
  /** The names of the statements whose reads wait now. */
  readonly heldReads: () => ReadonlySet<string>
  release(): void
  mend(): void
}

export function createSwitch(): Switch {
  let broken = false
  let held = 0
  const heldReads = new Set<string>()
  let failure: Error | undefined
  let before = openGate()
  let after = openGate()
  let reading = openGate()
  const assertWhole = () => {
    if (broken) throw new StoreFailure('unavailable', new Error('the cable is pulled'))
  }
  const passing = async ({ name }: Statement): Promise<void> => {
    heldReads.add(name)
    await reading.passed
    heldReads.delete(name)
    assertWhole()
  }
  return {
    decorate: (store) => ({
      ...store,
      async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
        held += 1
        await before.passed
        held -= 1
        assertWhole()
        const result = await store.transaction(async (tx) => {
          const done = await work(tx)
          const planted = failure
          failure = undefined
          if (planted) throw planted
          return done
        })
        await after.passed
        return result
      },
      async read<R>(...of: Parameters<Store['read']>): Promise<R[]> {
        await passing(of[0])
        return store.read<R>(...of)
      },
      async readEach<R>(...of: Parameters<Store['readEach']>): Promise<R[]> {
        await passing(of[0])
        return store.readEach<R>(...of)
      },
      // Which could not be held.
      readNow: null,
    }),
    break() {
      broken = true
    },
    failNext(error) {
      failure = error
    },
    held: () => held,
    heldReads: () => heldReads,
    hold() {
      before = closedGate()
    },
    holdResults() {
      after = closedGate()
    },
    holdReads() {
      reading = closedGate()
    },
    release() {
      for (const gate of [before, after, reading]) gate.open()
    },
    mend() {
      broken = false
    },
  }
}

type Gate = { readonly passed: Promise<void>; readonly open: () => void }

const openGate = (): Gate => ({ passed: Promise.resolve(), open: () => undefined })

function closedGate(): Gate {
  const { promise: passed, resolve: open } = Promise.withResolvers<void>()
  return { passed, open }
}
