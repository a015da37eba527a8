import { createStandingAudit } from '../audit/audit.ts'
import type { Books } from '../books/books.ts'
import type { Metrics, Stop } from '../platform/platform.ts'

/**
 * 40 accounts a second: 0.2 % of a core where an account has a dozen entries (40 µs each), and seven
 * hours for a million accounts. An account with 100,000 entries fills a slice of 0.2 s, in which
 * requests are answered between its pages.
 */
const PACE = { sliceIntervalMs: 5_000, sliceAccountsMax: 200, slicePagesMax: 200 }

/** Audits the books bit by bit while the server runs; what it finds is logged and counted. */
export async function watchLedger(
  { store, world }: Pick<Books, 'store' | 'world'>,
  metrics: Metrics,
  pace = PACE,
): Promise<Stop> {
  const audit = createStandingAudit({ read: store.read, now: world.clock.now }, pace)
  metrics.gauge(
    'ledger_discrepancies',
    'What the standing audit found wrong in its last round. Anything but 0 is an alarm.',
    audit.discrepancies,
  )
  metrics.gauge(
    'ledger_audited_timestamp_seconds',
    'When the standing audit had last been round all accounts; 0 before the first time.',
    () => (audit.auditedAt() ?? 0) / 1_000,
  )

  let running: Promise<unknown> = Promise.resolve()
  const slice = async (): Promise<void> => {
    try {
      for (const found of await audit.slice()) {
        world.logger.error(found, 'the audit found a discrepancy')
      }
    } catch (error) {
      world.logger.warn({ err: error }, 'the standing audit failed, the next slice tries again')
    }
  }
  const timer = setInterval(() => {
    running = running.then(slice)
  }, pace.sliceIntervalMs)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await running
  }
}
