// A second process on the same database, for promises that one process cannot break: one writer at
// a time, offsets in order, migrations at once. Started as a program it does the job it is told.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAccounts } from '../packages/server/src/accounts/accounts.ts'
import { createLedger } from '../packages/server/src/ledger/ledger.ts'
import { createLog } from '../packages/server/src/log/log.ts'
import { systemClock, systemRandom } from '../packages/server/src/platform/platform.ts'
import {
  createWriter,
  migrate,
  type Store,
  shared,
  type Tx,
  type Writer,
} from '../packages/server/src/store/store.ts'
import { accountsSettings, aPosting } from './builders.ts'
import { openTestStore } from './open-store.ts'

export type Job =
  /** `times` transactions that read `counters.value`, wait `holdMs` and write one more. */
  | { readonly kind: 'count'; readonly times: number; readonly holdMs: number }
  /** `times` transactions that each take an offset, wait `holdMs` and then write its event. */
  | { readonly kind: 'append'; readonly times: number; readonly holdMs: number }
  /** One transaction that is open for `ms` after the message `holding`. */
  | { readonly kind: 'hold'; readonly ms: number }
  | { readonly kind: 'migrate' }
  /** `times` earns of 1 at once. */
  | { readonly kind: 'earn'; readonly playerId: string; readonly times: number }
  /** So many guests log in, `guest0`, `guest1`, …, ten at a time. */
  | { readonly kind: 'log in'; readonly guests: number }

export type OtherProcess = {
  readonly child: ChildProcess
  /** Resolves at the job's next message. */
  message(): Promise<unknown>
  /** Resolves when the job is done. @throws when it failed */
  done(): Promise<void>
}

/** Starts `job` on the database of `url`; resolves when the process has opened it. */
export async function inOtherProcess(url: string, job: Job): Promise<OtherProcess> {
  const child = fork(import.meta.filename, [url, JSON.stringify(job)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [],
  })
  const exit = once(child, 'exit')
  await Promise.race([once(child, 'message'), exit])
  return {
    child,
    message: async () => (await once(child, 'message'))[0],
    async done() {
      const [code, signal] = await exit
      if (code !== 0) throw new Error(`the other process ended with ${code ?? signal}`)
    },
  }
}

export const COUNTER = shared('test.counter', 'SELECT value FROM counters')
export const SET_COUNTER = shared('test.set-counter', 'UPDATE counters SET value = $1')
const APPEND = shared(
  'test.append',
  "INSERT INTO event_log (log_offset, app, event_type, occurred_at, received_at) VALUES ($1, 'a', $2, 0, 0)",
)

/** Reads, waits, writes one more than it read: right only if nobody writes meanwhile. */
export async function countOne(tx: Tx, holdMs: number): Promise<void> {
  const [row] = await tx.run<{ value: number }>(COUNTER, [[]])
  if (holdMs > 0) await sleep(holdMs)
  await tx.run(SET_COUNTER, [[(row?.value ?? 0) + 1]])
}

/** Takes an offset at once and writes its event `holdMs` later. */
export async function appendOne(tx: Tx, name: string, holdMs: number): Promise<void> {
  const offset = tx.takeOffsets(1)
  if (holdMs > 0) await sleep(holdMs)
  await tx.run(APPEND, [[offset, name]])
}

async function work(store: Store, job: Job): Promise<void> {
  switch (job.kind) {
    case 'count':
      for (let i = 0; i < job.times; i += 1) {
        await store.transaction((tx) => countOne(tx, job.holdMs))
      }
      return
    case 'append':
      for (let i = 0; i < job.times; i += 1) {
        await store.transaction((tx) => appendOne(tx, `other-${i}`, job.holdMs))
      }
      return
    case 'hold':
      return store.transaction(async () => {
        process.send?.('holding')
        await sleep(job.ms)
      })
    case 'migrate':
      await migrate(store, systemClock.now)
      return
    case 'earn':
      return earn(store, job.playerId, job.times)
    case 'log in':
      return logIn(store, job.guests)
  }
}

function writerOn(store: Store): Writer {
  const onFatal = (error: Error) => {
    throw error
  }
  const { monotonic } = systemClock
  return createWriter({ store, monotonic, onFatal }, { commitWritesMax: 16 })
}

async function logIn(store: Store, guests: number): Promise<void> {
  const parts = { store, writer: writerOn(store), clock: systemClock, random: systemRandom() }
  const accounts = createAccounts(parts, accountsSettings())
  for (let first = 0; first < guests; first += 10) {
    const ids = Array.from({ length: 10 }, (_, n) => `guest${first + n}`)
    await Promise.all(ids.map((userId) => accounts.guestLogin({ userId })))
  }
}

async function earn(store: Store, playerId: string, times: number): Promise<void> {
  const writer = writerOn(store)
  const log = createLog({ store, writer })
  const ledger = createLedger({ store, writer, append: log.append })
  const postings = Array.from({ length: times }, () => aPosting({ playerId, amount: 1 }))
  const outcomes = await Promise.all(postings.map((posting) => ledger.post(posting)))
  if (outcomes.some(({ kind }) => kind !== 'posted')) throw new Error('an earn was not posted')
}

if (import.meta.main) {
  const [url = '', job = ''] = process.argv.slice(2)
  // Ends with the test that started it.
  process.on('disconnect', () => process.exit())
  const store = openTestStore(url)
  process.send?.('open')
  await work(store, JSON.parse(job) as Job)
  await store.close()
  process.disconnect?.()
}
