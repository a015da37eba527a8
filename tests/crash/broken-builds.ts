// Servers with a fault that only a kill, or a look at their system calls, can show. The tests must
// find each of them guilty: a test that was never seen failing proves nothing.
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type SqlValue,
  type Store,
  shared,
  type Tx,
} from '../../packages/server/src/store/store.ts'
import type { Steps } from './steps.ts'

export const BROKEN_BUILDS = ['key-after-commit', 'answer-before-commit', 'no-sync'] as const
export type BrokenBuild = (typeof BROKEN_BUILDS)[number]

/** @throws when there is no such build */
export function breaking(build: string, store: Store, steps: Steps): Store {
  switch (build) {
    case 'key-after-commit':
      return keyAfterCommit(store, steps)
    case 'answer-before-commit':
      return answerBeforeCommit(store, steps)
    case 'no-sync':
      withoutSync()
      return store
    default:
      throw new Error(`there is no broken build "${build}"`)
  }
}

const DROP_TRIGGER = {
  sqlite: 'DROP TRIGGER IF EXISTS ledger_entries_no_update',
  postgres: 'DROP TRIGGER IF EXISTS ledger_entries_no_change ON ledger_entries',
} as const
const STORE_KEY = shared(
  'broken.store-key',
  'UPDATE ledger_entries SET key_scope = $1, fingerprint = $2 WHERE entry_id = $3',
)

/** The effect is one commit, its key the next. Between them lies the step `before key`. */
function keyAfterCommit(store: Store, { reach }: Steps): Store {
  let unlocked: Promise<void> | undefined
  return {
    ...store,
    async transaction<T>(work: (tx: Tx) => Promise<T>) {
      unlocked ??= store.script([DROP_TRIGGER[store.dialect]])
      await unlocked
      const keys: SqlValue[][] = []
      const result = await store.transaction((tx) => {
        keys.length = 0
        return work(withoutKeys(tx, keys))
      })
      if (keys.length === 0) return result
      reach('before key')
      await store.transaction(async (tx) => {
        for (const key of keys) await tx.run(STORE_KEY, [key])
      })
      return result
    },
  }
}

/** Puts what it leaves out of the entries into `keys`. */
const withoutKeys = (tx: Tx, keys: SqlValue[][]): Tx => ({
  ...tx,
  async run<R>(statement: Parameters<Tx['run']>[0], tuples: Parameters<Tx['run']>[1]) {
    if (statement.name !== 'ledger.insert-entries') return tx.run<R>(statement, tuples)
    const columns = /\(([^)]*)\)/.exec(statement.sqlite)?.[1]?.split(', ') ?? []
    const cell = (tuple: readonly SqlValue[], column: string) =>
      tuple[columns.indexOf(column)] ?? null
    keys.push(
      ...tuples
        .filter((tuple) => cell(tuple, 'key_scope') !== null)
        .map((tuple) => [
          cell(tuple, 'key_scope'),
          cell(tuple, 'fingerprint'),
          cell(tuple, 'entry_id'),
        ]),
    )
    const hidden = [columns.indexOf('key_scope'), columns.indexOf('fingerprint')]
    const stripped = tuples.map((tuple) => tuple.map((one, i) => (hidden.includes(i) ? null : one)))
    return tx.run<R>(statement, stripped)
  },
})

/** Long enough for the answers to leave. */
const ANSWER_MS = 10

/** Says that it is done before it is. Between the answer and the commit lies the step `answered`. */
function answerBeforeCommit(store: Store, { reach }: Steps): Store {
  return {
    ...store,
    transaction: <T>(work: (tx: Tx) => Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        store
          .transaction(async (tx) => {
            resolve(await work(tx))
            await sleep(ANSWER_MS)
            reach('answered')
          })
          .catch(reject)
      }),
  }
}

/** Commits survive the process and not the power. The store asserts the opposite before, so this comes after. */
function withoutSync(): void {
  const { exec } = DatabaseSync.prototype
  DatabaseSync.prototype.exec = function (sql) {
    if (sql === 'BEGIN IMMEDIATE') exec.call(this, 'PRAGMA synchronous = NORMAL')
    exec.call(this, sql)
  }
}
