import { findOnAnalytics, insertOnAnalytics } from '../analytics/analytics.ts'
import type { Tx } from '../store/store.ts'
import { GRAINS, type Grain, startOf } from './grains.ts'
import type { Cell, Place, Places } from './places.ts'
import { isClosed } from './user-set-retention.ts'
import type { Additions } from './window-facts.ts'

const WINDOW = { grain: 'text', start: 'bigint', app: 'text' } as const
/** A window without a row has no user, and never had one. */
const SETS = findOnAnalytics('windows.user-sets', {
  select: 'grain, start, app, touched_at AS "touchedAt"',
  from: 'analytics.window_user_sets',
  key: WINDOW,
})
const TOUCH = insertOnAnalytics(
  'windows.touch-user-sets',
  'analytics.window_user_sets',
  { ...WINDOW, touched_at: 'bigint', missed: 'bigint', has_users: 'bigint' },
  `ON CONFLICT (grain, start, app) DO UPDATE SET touched_at = excluded.touched_at,
    missed = window_user_sets.missed + excluded.missed`,
)
const FIND = findOnAnalytics('windows.find-user', {
  select: 'grain, start, app, user_id AS "user", seen',
  from: 'analytics.window_users',
  key: { ...WINDOW, user_id: 'text' },
})
const KEEP = insertOnAnalytics(
  'windows.keep-user',
  'analytics.window_users',
  { ...WINDOW, user_id: 'text', seen: 'text' },
  'ON CONFLICT (grain, start, app, user_id) DO UPDATE SET seen = excluded.seen',
)

/** Users in memory, over all windows: about 40 MB. */
const REMEMBERED_MAX = 300_000

type Known = {
  readonly at: At
  readonly users: Map<string, Place>
  /** Whether everybody of this window is in memory, so that whoever is not there is new. */
  isWhole: boolean
  /** The hour of the log in which it was asked for last; null when it is new. */
  touchedAt: number | null
}

type At = readonly [grain: Grain, start: number, app: string]
type AtRow = { readonly grain: Grain; readonly start: number; readonly app: string }
type SetRow = AtRow & { readonly touchedAt: number }
const ONE_USER = { metric: 'users', label: '', value: 1 } as const

/** Where the user was not counted yet. */
const newCells = (before: Place | undefined, after: Place): readonly Cell[] =>
  before ? after.cells.filter((cell) => !before.cells.includes(cell)) : after.cells

/** Who was active in one minute of one app, and where, as far as one batch says. */
export type ActiveUsers = {
  readonly minute: number
  readonly app: string
  readonly users: ReadonlyMap<string, Place>
  /** How often an event named a user. */
  readonly mentions: number
}

/** The windows in memory, and of each the users that were asked for. */
function createMemory(places: Places) {
  let windows = new Map<string, Known>()
  let remembered = 0

  return {
    /** All windows of these, those that were never asked for with one statement. */
    async windowsOf(tx: Tx, ats: readonly At[]): Promise<readonly Known[]> {
      const unknown = new Map<string, Known>()
      const found = ats.map((at) => {
        const key = keyOf(at)
        const known = windows.get(key) ?? unknown.get(key)
        if (known) return known
        const made = { at, users: new Map<string, Place>(), isWhole: true, touchedAt: null }
        unknown.set(key, made)
        return made
      })
      const asked = [...unknown.values()].map(({ at }) => at)
      for (const { grain, start, app, touchedAt } of await tx.run<SetRow>(SETS, asked)) {
        const known = unknown.get(keyOf([grain, start, app]))
        if (known === undefined) continue
        known.isWhole = false
        known.touchedAt = touchedAt
      }
      for (const [key, known] of unknown) windows.set(key, known)
      return found
    },

    /** Brings the users into memory that are asked for and may be in the table. */
    async load(tx: Tx, asked: readonly Asked[]): Promise<void> {
      const missing = asked.flatMap(({ window, candidates }) =>
        window.isWhole
          ? []
          : [...candidates.keys()]
              .filter((user) => !window.users.has(user))
              .map((user) => [...window.at, user]),
      )
      type Row = AtRow & { readonly user: string; readonly seen: string }
      const rows = await tx.run<Row>(FIND, missing)
      for (const { grain, start, app, user, seen } of rows) {
        const users = windows.get(keyOf([grain, start, app]))?.users
        // Two minutes of an hour may have asked for the same user.
        if (users === undefined || users.has(user)) continue
        users.set(user, places.parse(seen))
        remembered += 1
      }
    },

    /** Counts those of the candidates who are new in their window, or in a place of it; who they are. */
    count({ window, candidates }: Asked, additions: Additions): Map<string, Place> {
      const fresh = new Map<string, Place>()
      for (const [user, place] of candidates) {
        const before = window.users.get(user)
        const after = before === undefined ? place : places.union(before, place)
        if (after === before) continue
        if (before === undefined) remembered += 1
        window.users.set(user, after)
        fresh.set(user, after)
        additions.only(...window.at, newCells(before, after), ONE_USER)
      }
      return fresh
    },

    dropOldest(): void {
      for (const [key, { users }] of windows) {
        if (remembered <= REMEMBERED_MAX) return
        remembered -= users.size
        windows.delete(key)
      }
    },

    forget(): void {
      windows = new Map()
      remembered = 0
    },
  }
}

/**
 * Exact sets of users per window, each with the countries and platforms that it was seen in. Whoever
 * is new in a minute is looked for in its hour, whoever is new there in its day: a user who is known
 * in a minute is known in both. So a set costs a look into memory for most events.
 *
 * A set that no event asked for in a long time is closed: its number of users stays as it is, and
 * whoever comes for it goes on to the hour or the day, which may be open still.
 */
export function createUserSets(places: Places) {
  const memory = createMemory(places)
  return {
    /**
     * Counts whoever is new in a window, and keeps it.
     * @param hour of the clock of the log, at all of these events
     */
    async add(
      tx: Tx,
      active: readonly ActiveUsers[],
      hour: number,
      additions: Additions,
    ): Promise<void> {
      /** Minutes of one hour may each bring a user a place; the row is written once. */
      const changed = new Map<Known, Set<string>>()
      const touched = new Map<Known, SetRowParts>()
      let candidates = active.map(({ users }) => users)
      for (const grain of GRAINS) {
        const ats = active.map(({ minute, app }): At => [grain, startOf(grain, minute), app])
        const windows = await memory.windowsOf(tx, ats)
        const open = windows.map((window, index) =>
          touch(window, hour, active[index]?.mentions ?? 0, touched),
        )
        const asked = windows.map((window, index) => ({
          window,
          candidates: (open[index] ? candidates[index] : undefined) ?? NOBODY,
        }))
        await memory.load(tx, asked)
        candidates = asked.map((each, index) => {
          if (!open[index]) return candidates[index] ?? NOBODY
          const fresh = memory.count(each, additions)
          const users = changed.get(each.window) ?? new Set()
          for (const user of fresh.keys()) users.add(user)
          changed.set(each.window, users)
          return fresh
        })
      }
      await tx.run(TOUCH, touchedRows(touched))
      await tx.run(KEEP, rowsOf(changed))
      memory.dropOldest()
    },
    forget: memory.forget,
  }
}

/** What is new in the row of a set. */
type SetRowParts = { readonly touchedAt: number; readonly missed: number }

/** Notes that a set was asked for, or what it misses; whether it is open. */
function touch(
  window: Known,
  hour: number,
  mentions: number,
  touched: Map<Known, SetRowParts>,
): boolean {
  const { touchedAt } = window
  if (touchedAt !== null && isClosed(window.at[0], touchedAt, hour)) {
    const missed = (touched.get(window)?.missed ?? 0) + mentions
    touched.set(window, { touchedAt, missed })
    return false
  }
  if (touchedAt !== hour) touched.set(window, { touchedAt: hour, missed: 0 })
  window.touchedAt = hour
  return true
}

const touchedRows = (touched: ReadonlyMap<Known, SetRowParts>) =>
  [...touched].map(([{ at }, { touchedAt, missed }]) => [...at, touchedAt, missed, 1])

const NOBODY: ReadonlyMap<string, Place> = new Map()

type Asked = { readonly window: Known; readonly candidates: ReadonlyMap<string, Place> }

const keyOf = ([grain, start, app]: At): string => `${grain}\n${start}\n${app}`

const rowsOf = (changed: ReadonlyMap<Known, ReadonlySet<string>>) =>
  [...changed].flatMap(([{ at, users }, of]) =>
    [...of].map((user) => [...at, user, users.get(user)?.text ?? '']),
  )

export type UserSets = ReturnType<typeof createUserSets>
