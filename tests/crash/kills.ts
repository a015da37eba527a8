// Which kills a campaign does: one at every step that a write goes through, the rest at any moment.
import { STATEMENTS } from '../../packages/server/src/store/store.ts'
import type { Chance } from './chance.ts'

/** How one life of the server ends. */
export type Kill =
  /** At the `nth` time that it reaches a step. */
  | { readonly kind: 'at-step'; readonly step: string; readonly nth: number }
  /** On the `nth` of its system calls of one kind: inside a commit, a page written and the next one not. */
  | { readonly kind: 'at-call'; readonly call: string; readonly nth: number }
  | { readonly kind: 'after-ms'; readonly ms: number }

export const BOUNDARIES = [
  'before begin',
  'after begin',
  'before commit',
  'after commit',
  'before answer',
  'after answer',
]

const STAGES = /^(accounts|attribution|idempotency|ledger|log)\./
/** Not part of a player's writes: they run once a minute, once a life, or by an operator's hand. */
const ELSEWHERE =
  /sweep|api-key|import|refused-replayed|forget|empty-batch|bind-device-secret|replace-password-hash/

/** The steps around every statement that changes a row on behalf of a player, and the boundaries. */
export function stepsOfWrites(): string[] {
  const writes = [...STATEMENTS.values()].filter(
    ({ name, sqlite }) =>
      STAGES.test(name) &&
      !ELSEWHERE.test(name) &&
      /^(WITH\b.*\s)?(INSERT|UPDATE|DELETE)\b/s.test(sqlite),
  )
  return [...BOUNDARIES, ...writes.flatMap(({ name }) => [`before ${name}`, `after ${name}`])]
}

/** The steps before the reads that a write decides by; what follows them is the next step anyway. */
export function stepsOfReads(reached: readonly string[]): string[] {
  const known = new Set(stepsOfWrites())
  return reached.filter((step) => {
    const statement = /^before (.*)$/.exec(step)?.[1] ?? ''
    return STAGES.test(statement) && !known.has(step)
  })
}

const NTH_MAX = 20

/**
 * @param reached how often each step is reached in a life that nobody ends
 * @param chance which of these times it is
 */
export const killsAt = (
  steps: readonly string[],
  reached: Readonly<Record<string, number>>,
  chance: Chance,
): Kill[] =>
  steps.map((step) => {
    const often = Math.floor((reached[step] ?? 0) / 4)
    return { kind: 'at-step', step, nth: chance.integer(1, Math.max(1, Math.min(NTH_MAX, often))) }
  })

const AFTER_MS = { min: 20, max: 500 }

export const killsAtAnyMoment = (count: number, chance: Chance): Kill[] =>
  Array.from({ length: count }, () => ({
    kind: 'after-ms',
    ms: chance.integer(AFTER_MS.min, AFTER_MS.max),
  }))

/** One commit is about twenty writes of pages and one sync. */
const WRITES_PER_COMMIT = 20

export const killsInsideCommits = (count: number, chance: Chance): Kill[] =>
  Array.from({ length: count }, (_, index) =>
    index % 3 === 2
      ? { kind: 'at-call', call: 'fsync', nth: chance.integer(1, 5) }
      : { kind: 'at-call', call: 'pwrite64', nth: chance.integer(1, 5 * WRITES_PER_COMMIT) },
  )
