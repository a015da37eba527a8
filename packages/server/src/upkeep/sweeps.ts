import type { Books } from '../books/books.ts'
import { createRefusalSweep } from '../idempotency/idempotency.ts'
import { sweepRefused } from '../log/log.ts'
import type { Stop } from '../platform/platform.ts'
import { keepPartitionsAhead } from '../store/store.ts'

const SWEEP_INTERVAL_MS = 60_000
/** Longer than any delay and than an account's failures count. */
const FAILURES_KEPT_MS = 2 * 3_600_000

/** Lets go of what has expired, once a minute, and keeps the log's next partitions ready. */
export async function startSweeps({
  accounts,
  failures,
  store,
  world,
  config,
}: Books): Promise<Stop> {
  const sweepRefusals = createRefusalSweep({ store, clock: world.clock }, config.ledger)
  const { refusedKeptMs } = config.ingest
  const forgetRefused = () => sweepRefused(store, world.clock.now() - refusedKeptMs)
  const forgetFailures = () => failures?.sweep(world.clock.now() - FAILURES_KEPT_MS)
  const keepAhead = () => keepPartitionsAhead(store, world.clock.now())
  await keepAhead()
  let running: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    running = Promise.all([
      sweepRefusals(),
      accounts.sweep(),
      forgetRefused(),
      forgetFailures(),
      keepAhead(),
    ]).catch((error: unknown) => {
      world.logger.warn({ err: error }, 'sweeping failed, the next round tries again')
    })
  }, SWEEP_INTERVAL_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await running
  }
}
