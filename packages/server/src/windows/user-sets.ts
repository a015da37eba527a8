import { local } from '../analytics/analytics.ts'
import type { Tx } from '../store/store.ts'
import { GRAINS, type Grain, startOf } from './grains.ts'
import type { Cell, Place, Places } from './places.ts'
import type { Additions } from './window-facts.ts'

const ANY = local(
  'windows.any-user',
  'SELECT 1 AS one FROM window_users WHERE grain = $1 AND start = $2 AND app = $3 LIMIT 1',
)
const FIND = local(
  'windows.find-user',
  `SELECT user_id AS "user", seen FROM window_users
  WHERE grain = $1 AND start = $2 AND app = $3 AND user_id = $4`,
)
const KEEP = local(
  'windows.keep-user',
  `INSERT INTO window_users (grain, start, app, user_id, seen) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (grain, start, app, user_id) DO UPDATE SET seen = excluded.seen`,
)

/** Users in memory, over all windows: about 40 MB. */
const REMEMBERED_MAX = 300_000

type Known = {
  readonly users: Map<string, Place>
  /** Whether everybody of this window is in memory, so that whoever is not there is new. */
  isWhole: boolean
}

type At = readonly [grain: Grain, start: number, app: string]
const ONE_USER = { metric: 'users', label: '', value: 1 } as const

/** Where the user was not counted yet. */
const newCells = (before: Place | undefined, after: Place): readonly Cell[] =>
  before ? after.cells.filter((cell) => !before.cells.includes(cell)) : after.cells

/** Who was active in one minute of one app, and where, as far as one batch says. */
export type ActiveUsers = {
  readonly minute: number
  readonly app: string
  readonly users: ReadonlyMap<string, Place>
}

/**
 * Exact sets of users per window, each with the countries and platforms that it was seen in. Whoever
 * is new in a minute is looked for in its hour, whoever is new there in its day: a user who is known
 * in a minute is known in both. So a set costs a look into memory for most events.
 */
export function createUserSets(places: Places) {
  let windows = new Map<string, Known>()
  let remembered = 0

  const windowOf = async (tx: Tx, grain: Grain, start: number, app: string): Promise<Known> => {
    const key = `${grain}\n${start}\n${app}`
    const known = windows.get(key)
    if (known) return known
    const [any] = await tx.run(ANY, [[grain, start, app]])
    const made = { users: new Map<string, Place>(), isWhole: any === undefined }
    windows.set(key, made)
    return made
  }

  const dropOldest = (): void => {
    for (const [key, { users }] of windows) {
      if (remembered <= REMEMBERED_MAX) return
      remembered -= users.size
      windows.delete(key)
    }
  }

  /** Brings the users of a window into memory that are asked for and may be in the file. */
  const load = async (tx: Tx, window: Known, at: At, asked: Iterable<string>): Promise<void> => {
    if (window.isWhole) return
    const missing = [...asked].filter((user) => !window.users.has(user))
    const rows = await tx.run<{ readonly user: string; readonly seen: string }>(
      FIND,
      missing.map((user) => [...at, user]),
    )
    for (const { user, seen } of rows) window.users.set(user, places.parse(seen))
    remembered += rows.length
  }

  return {
    /** Counts whoever is new in a window, and keeps it. */
    async add(tx: Tx, active: readonly ActiveUsers[], additions: Additions): Promise<void> {
      const rows: (readonly [...At, string, string])[] = []
      for (const { minute, app, users } of active) {
        let candidates = users
        for (const grain of GRAINS) {
          const at: At = [grain, startOf(grain, minute), app]
          const window = await windowOf(tx, ...at)
          await load(tx, window, at, candidates.keys())
          const fresh = new Map<string, Place>()
          for (const [user, place] of candidates) {
            const before = window.users.get(user)
            const after = before === undefined ? place : places.union(before, place)
            if (after === before) continue
            if (before === undefined) remembered += 1
            window.users.set(user, after)
            fresh.set(user, after)
            additions.only(...at, newCells(before, after), ONE_USER)
            rows.push([...at, user, after.text])
          }
          candidates = fresh
        }
      }
      await tx.run(KEEP, rows)
      dropOldest()
    },

    forget(): void {
      windows = new Map()
      remembered = 0
    },
  }
}

export type UserSets = ReturnType<typeof createUserSets>
