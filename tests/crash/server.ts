// The process that is killed: the whole server as it is, on a store that counts the steps of each
// write. Started by hand, `CRASH_AT='before commit:3' DATA_DIR=… node tests/crash/server.ts` ends
// with SIGKILL before its third commit; BROKEN_BUILD names one of broken-builds.ts.
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { loadConfig } from '../../packages/server/src/config/config.ts'
import { startQuestline } from '../../packages/server/src/main.ts'
import { type Store, shared } from '../../packages/server/src/store/store.ts'
import { breaking } from './broken-builds.ts'
import { createSteps, stepAnswers, stepping } from './steps.ts'

/** What the test may ask of the running process. */
export type Order =
  | { readonly kind: 'arm'; readonly at: string }
  | { readonly kind: 'steps' }
  /** Limits the database to so many pages, as a disk that is full does. */
  | { readonly kind: 'allow-pages'; readonly pages: number }
  /** What the connection that writes says of itself; only SQLite. */
  | { readonly kind: 'durability' }
export type Reply =
  | { readonly kind: 'listening'; readonly address: string }
  | { readonly kind: 'steps'; readonly counts: Readonly<Record<string, number>> }
  | { readonly kind: 'allowed' }
  | { readonly kind: 'durability'; readonly pragmas: Readonly<Record<string, unknown>> }

export const DEATH_NOTE = 'killed '

if (import.meta.main) await serve()

async function serve(): Promise<void> {
  const { CRASH_AT, BROKEN_BUILD, ...settings } = process.env
  const steps = createSteps((step) => {
    // Straight to the pipe, where it outlives us.
    writeSync(1, `${DEATH_NOTE}${step}\n`)
    process.kill(process.pid, 'SIGKILL')
  })
  const server = await startQuestline(loadConfig(settings), {
    decorateStore(store) {
      const stepped = stepping(store, steps)
      return BROKEN_BUILD ? breaking(BROKEN_BUILD, stepped, steps) : stepped
    },
    prepare: (app) => stepAnswers(app, steps),
  })
  const stop = () =>
    void server.stop().then(() => {
      if (process.connected) process.disconnect?.()
    })
  process.once('SIGTERM', stop)
  // Whoever started this is gone.
  process.once('disconnect', stop)
  process.on('message', (order: Order) => void obey(order))
  if (CRASH_AT) steps.arm(CRASH_AT)
  // The killed never get to it, and each start after the first takes half the time with it.
  flushCompileCache()
  reply({ kind: 'listening', address: server.address })
  if (!process.connected) process.stdout.write(`${server.address}\n`)

  async function obey(order: Order): Promise<void> {
    switch (order.kind) {
      case 'arm':
        return steps.arm(order.at)
      case 'steps':
        return reply({ kind: 'steps', counts: steps.counts() })
      case 'allow-pages':
        await server.books.store.script([`PRAGMA max_page_count = ${order.pages}`])
        return reply({ kind: 'allowed' })
      case 'durability':
        return reply({ kind: 'durability', pragmas: await durability(server.books.store) })
    }
  }
}

const PRAGMAS = ['synchronous', 'journal_mode'].map((name) =>
  shared(`crash.pragma-${name}`, `SELECT * FROM pragma_${name}`),
)

async function durability(store: Store): Promise<Record<string, unknown>> {
  const rows = await store.transaction(async (tx) => {
    const found: object[] = []
    for (const pragma of PRAGMAS) found.push(...(await tx.run<object>(pragma, [[]])))
    return found
  })
  return Object.assign({}, ...rows)
}

function reply(message: Reply): void {
  process.send?.(message)
}
