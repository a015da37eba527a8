import type { FaultyServer } from './faulty-server.ts'

/** What became of the events of one game. All but the last three count events. */
export type Tally = {
  readonly recorded: number
  /** Neither at the server nor in the storage of the game, once it has ended. */
  readonly lost: number
  readonly purchasesLost: number
  /** In the storage: the next start would send them. */
  readonly queued: number
  /** Counted more than once by the server. */
  readonly doubled: number
  /** Copies beyond the first, whether the server knows them again or not. */
  readonly copies: number
  readonly requests: number
  readonly early: number
}

/** Compares what the game recorded with what the server has and what still waits. */
export function tallyOf(
  recorded: ReadonlySet<string>,
  isPurchase: (mark: string) => boolean,
  waiting: ReadonlySet<string>,
  server: Pick<FaultyServer, 'copies' | 'counts' | 'requests' | 'early'>,
): Tally {
  const marks = [...recorded]
  const missing = marks.filter((mark) => !server.counts.has(mark))
  const lost = missing.filter((mark) => !waiting.has(mark))
  const beyondFirst = (of: ReadonlyMap<string, number>): number =>
    [...of.values()].reduce((sum, count) => sum + count - 1, 0)
  return {
    recorded: marks.length,
    lost: lost.length,
    purchasesLost: lost.filter(isPurchase).length,
    queued: missing.length - lost.length,
    doubled: [...server.counts.values()].filter((count) => count > 1).length,
    copies: beyondFirst(server.copies),
    requests: server.requests(),
    early: server.early(),
  }
}
