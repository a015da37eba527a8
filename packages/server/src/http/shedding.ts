import { ProblemError, type Route } from '@questline/contracts'

/** What waits for a commit at this moment. */
export type Load = { readonly depth: number; readonly oldestMs: number }

export type SheddingSettings = {
  readonly commitQueueMax: number
  readonly commitDelayMaxMs: number
}

/** Costly reads go first, at half the queue that turns writes away; health and the balance never. */
const FIRST = new Set(['stats', 'events', 'ledger', 'userLedger'])
const NEVER = new Set(['health', 'live', 'ready', 'problem', 'balance', 'wallet', 'user'])

/** Refuses work that would only wait, before its body is parsed and its token checked. */
export function createShedding(load: () => Load, settings: SheddingSettings) {
  return (route: Route): void => {
    if (NEVER.has(route.id)) return
    const { depth, oldestMs } = load()
    const share = FIRST.has(route.id) ? 0.5 : 1
    const tooDeep = depth >= settings.commitQueueMax * share
    if (tooDeep || oldestMs > settings.commitDelayMaxMs * share) {
      throw new ProblemError('overloaded', { retryAfter: 1 })
    }
  }
}
