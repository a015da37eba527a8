import { type Read, shared, type Tx } from '../store/store.ts'

const COLUMNS = `refused_id AS id, app, event_id AS "eventId", event_type AS "eventType", reason, path,
  first_offset AS "firstOffset", request_id AS "requestId", sdk, source, line,
  received_at AS "receivedAt", status`
const LIST = shared(
  'log.list-refused',
  `SELECT ${COLUMNS} FROM refused_events WHERE refused_id < $1 ORDER BY refused_id DESC LIMIT $2`,
)
const FIND = shared(
  'log.find-refused',
  `SELECT ${COLUMNS}, raw FROM refused_events WHERE refused_id = $1`,
)
const REPLAYED = shared(
  'log.refused-replayed',
  "UPDATE refused_events SET status = 'replayed' WHERE refused_id = $1",
)
const ARRIVALS = shared(
  'log.arrivals',
  `SELECT app, minute, accepted, duplicates, conflicts, rejected FROM arrivals
  WHERE app = $1 AND minute >= $2 AND minute < $3 ORDER BY minute`,
)

/** An event that the door refused, or quarantined as a conflict. */
export type RefusedRow = {
  readonly id: number
  readonly app: string
  readonly eventId: string | null
  readonly eventType: string | null
  /** A code of the contract's verdicts. */
  readonly reason: string
  readonly path: string | null
  /** Of the event that it conflicts with. */
  readonly firstOffset: number | null
  readonly requestId: string | null
  readonly sdk: string | null
  readonly source: string
  readonly line: number | null
  readonly receivedAt: number
  readonly status: 'open' | 'replayed'
}
/** With its untouched bytes. */
export type RefusedWithBytes = RefusedRow & { readonly raw: Uint8Array }

/** The newest first. */
export const listRefused = (
  read: Read,
  page: { readonly before: number; readonly limit: number },
): Promise<RefusedRow[]> => read(LIST, [page.before, page.limit])

export const findRefused = async (read: Read, id: number): Promise<RefusedWithBytes | null> =>
  (await read<RefusedWithBytes>(FIND, [id]))[0] ?? null

export const markRefusedReplayed = (tx: Tx, id: number) => tx.run(REPLAYED, [[id]])

/** What arrived of an app in one minute of receipt. */
export type Arrivals = {
  readonly app: string
  readonly minute: number
  readonly accepted: number
  readonly duplicates: number
  readonly conflicts: number
  readonly rejected: number
}

/** From one to the next, since there are many minutes of each. */
const APPS = shared(
  'log.arrived-apps',
  `WITH RECURSIVE apps (app) AS (SELECT min(app) FROM arrivals
    UNION ALL SELECT (SELECT min(app) FROM arrivals WHERE app > apps.app) FROM apps
      WHERE apps.app IS NOT NULL)
  SELECT app FROM apps WHERE app IS NOT NULL ORDER BY app`,
)

/** All apps of which anything ever arrived. */
export const arrivedApps = async (read: Read): Promise<string[]> =>
  (await read<{ readonly app: string }>(APPS, [])).map(({ app }) => app)

/** By minute; times in milliseconds, `to` not included. */
export const readArrivals = (
  read: Read,
  app: string,
  from: number,
  to: number,
): Promise<Arrivals[]> => read(ARRIVALS, [app, from, to])
