import { setTimeout as sleep } from 'node:timers/promises'
import { within } from './database-bytes.ts'

const LOOK_MS = 100
const MINUTE = 60_000
const ROWS = `SELECT start, count(*)::int AS rows FROM analytics.window_facts
  WHERE grain = 'minute' AND start >= $1 GROUP BY start`
type Rows = { readonly start: string; readonly rows: number }

export type Shown = {
  /** Of each row, from the end of its minute until it was seen, milliseconds. */
  readonly freshnessMs: readonly number[]
  readonly minutes: number
}

/** Looks for rows of the minutes that end from now on, until it is stopped. */
export function watchMinutes(url: string): { stop(): Promise<Shown> } {
  const since = Math.floor(Date.now() / MINUTE) * MINUTE
  const freshnessMs: number[] = []
  const seen = new Map<number, number>()
  let isOver = false
  const watching = within(url, async (client) => {
    while (!isOver) {
      const { rows } = await client.query<Rows>(ROWS, [since])
      const now = Date.now()
      for (const { start, rows: count } of rows) {
        const minute = Number(start)
        const more = count - (seen.get(minute) ?? 0)
        seen.set(minute, count)
        for (let row = 0; row < more; row++) freshnessMs.push(now - minute - MINUTE)
      }
      await sleep(LOOK_MS)
    }
  })
  return {
    async stop() {
      isOver = true
      await watching
      return { freshnessMs, minutes: seen.size }
    },
  }
}
