import { findOnAnalytics, insertOnAnalytics } from '../analytics/analytics.ts'
import type { Tx } from '../store/store.ts'
import type { Init } from './enrich.ts'

const FIND = findOnAnalytics('quality.find-init', {
  select: `app, player_id AS "playerId", corrected_at AS "correctedAt", log_offset AS "offset",
    country_code AS "countryCode", platform`,
  from: 'analytics.player_inits',
  key: { app: 'text', player_id: 'text' },
})
const KEEP = insertOnAnalytics(
  'quality.keep-init',
  'analytics.player_inits',
  {
    ...{ app: 'text', player_id: 'text', corrected_at: 'bigint', log_offset: 'bigint' },
    ...{ country_code: 'text', platform: 'text' },
  },
  `ON CONFLICT (app, player_id) DO UPDATE SET corrected_at = excluded.corrected_at,
    log_offset = excluded.log_offset, country_code = excluded.country_code,
    platform = excluded.platform`,
)

type Found = Init & { readonly app: string; readonly playerId: string }

/** Players in each of two generations: 200,000 take about 40 MB at most. */
const REMEMBERED_MAX = 100_000

/** A player without an `init` is remembered too: in a game that sends none, everybody is one. */
type Known = {
  readonly app: string
  readonly playerId: string
  init: Init | null
  changed: boolean
}

/**
 * The newest `init` of each player: all of them in the analytics, those of the players of late
 * in memory. Two generations stand for an order of last use: reading the older one moves it to the
 * younger, and when that is full the older is dropped.
 */
export function createPlayerInits() {
  let young = new Map<string, Known>()
  let old = new Map<string, Known>()
  let wanted = new Map<string, Known>()
  let changed: Known[] = []

  const keyOf = (app: string, playerId: string): string => `${app}\n${playerId}`

  const recall = (key: string): Known | undefined => {
    const known = young.get(key)
    if (known) return known
    const older = old.get(key)
    if (older) young.set(key, older)
    return older
  }

  return {
    /** Names somebody whose init will be asked for. */
    want(app: string, playerId: string): void {
      const key = keyOf(app, playerId)
      if (!recall(key)) wanted.set(key, { app, playerId, init: null, changed: false })
    },

    /** Reads those who were named and are not in memory. */
    async load(tx: Tx): Promise<void> {
      if (young.size >= REMEMBERED_MAX) {
        old = young
        young = new Map()
      }
      for (const [key, known] of wanted) young.set(key, known)
      const rows = await tx.run<Found>(
        FIND,
        [...wanted.values()].map(({ app, playerId }) => [app, playerId]),
      )
      for (const { app, playerId, ...init } of rows) {
        const known = wanted.get(keyOf(app, playerId))
        if (known) known.init = init
      }
      wanted = new Map()
    },

    of(app: string, playerId: string): Init | null {
      const known = recall(keyOf(app, playerId))
      if (!known) throw new Error('the init of a player was asked for and not loaded')
      return known.init
    },

    /** Of two, the later by its corrected time counts; on a tie the later in the log. */
    offer(app: string, playerId: string, init: Init): void {
      const known = recall(keyOf(app, playerId))
      if (!known) throw new Error('the init of a player was offered and not loaded')
      // Offsets come in their order, so on a tie this is the later one.
      if (known.init !== null && init.correctedAt < known.init.correctedAt) return
      known.init = init
      if (!known.changed) changed.push(known)
      known.changed = true
    },

    /** Writes what was offered since the last time. */
    async keep(tx: Tx): Promise<void> {
      const rows = changed.flatMap(({ app, playerId, init }) =>
        init === null
          ? []
          : [[app, playerId, init.correctedAt, init.offset, init.countryCode, init.platform]],
      )
      for (const known of changed) known.changed = false
      changed = []
      await tx.run(KEEP, rows)
    },

    forget(): void {
      young = new Map()
      old = new Map()
      wanted = new Map()
      changed = []
    },
  }
}

export type PlayerInits = ReturnType<typeof createPlayerInits>
