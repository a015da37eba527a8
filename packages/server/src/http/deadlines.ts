import { ProblemError } from '@questline/contracts'
import type { FastifyReply } from 'fastify'
import type { Clock } from '../platform/platform.ts'
import { giveUp } from './connection-state.ts'

/** One piece of work that is under way for an answer. */
export type Watched = {
  readonly since: number
  readonly reply: FastifyReply
  /** Told to the client once the work has taken too long. What is already at work is not interrupted. */
  readonly detail: string
  before: Watched | null
  after: Watched | null
}

export type Deadlines = {
  begin(reply: FastifyReply, detail: string): Watched
  end(watched: Watched): void
  /** Begins, and ends with `work`. */
  watch<T>(reply: FastifyReply, detail: string, work: Promise<T>): Promise<T>
  stop(): void
}

/** Longer than any wait for a lock, shorter than the patience of clients. */
const HANDLER_MS_MAX = 10_000
const LOOK_INTERVAL_MS = 250

/** One timer looks after all requests; a timer for each would be a tenth of what a balance read costs. */
export function createDeadlines(clock: Clock): Deadlines {
  // A list by hand, in the order of their start: a Set would hash each request twice.
  let first: Watched | null = null
  let last: Watched | null = null

  const end = (watched: Watched): void => {
    const { before, after } = watched
    if (before !== null) before.after = after
    else if (first === watched) first = after
    if (after !== null) after.before = before
    else if (last === watched) last = before
    watched.before = null
    watched.after = null
  }

  const look = (): void => {
    const before = clock.monotonic() - HANDLER_MS_MAX
    while (first !== null && first.since <= before) {
      const { reply, detail } = first
      end(first)
      if (!reply.sent) reply.send(new ProblemError('overloaded', { detail, retryAfter: 1 }))
      giveUp(reply.request.raw)
    }
  }
  const timer = setInterval(look, LOOK_INTERVAL_MS)
  timer.unref()

  const begin: Deadlines['begin'] = (reply, detail) => {
    const watched = { since: clock.monotonic(), reply, detail, before: last, after: null }
    if (last === null) first = watched
    else last.after = watched
    last = watched
    return watched
  }

  return {
    begin,
    end,
    watch(reply, detail, work) {
      const watched = begin(reply, detail)
      return work.finally(() => end(watched))
    },
    stop: () => clearInterval(timer),
  }
}
