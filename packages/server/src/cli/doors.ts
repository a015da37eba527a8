import type { Config } from '../config/config.ts'

type Door = { readonly setting: string; readonly open: string }

/** Each door, its setting, and what is possible while it is open. */
const DOORS: Readonly<Record<keyof Config['doors'], Door>> = {
  bareLogin: {
    setting: 'BARE_LOGIN',
    open: 'a userId alone logs in a guest that has no device secret',
  },
  unsignedPostbacks: {
    setting: 'UNSIGNED_POSTBACKS',
    open: 'postbacks without a signature are stored, as unverified',
  },
  statsPublic: { setting: 'STATS_PUBLIC', open: 'GET /stats counts everybody without a key' },
  playerEarn: { setting: 'PLAYER_EARN', open: "a player's own token earns and spends" },
  healthCountsPublic: { setting: 'HEALTH_COUNTS_PUBLIC', open: 'GET /health shows counts' },
  metricsPublic: { setting: 'METRICS_PUBLIC', open: 'GET /metrics needs no key' },
  docsPublic: { setting: 'DOCS_PUBLIC', open: '/docs, /redoc and /openapi.json need no key' },
  pipeline: {
    setting: 'PIPELINE',
    open: 'POST /run-pipeline from this machine needs no key',
  },
}

/** Those that lead anywhere: without an API there are only health and metrics. */
export function openDoors({ doors, roles }: Pick<Config, 'doors' | 'roles'>): readonly Door[] {
  const names = Object.keys(DOORS) as (keyof Config['doors'])[]
  const isThere = (name: keyof Config['doors']): boolean =>
    roles.includes('api') || name === 'healthCountsPublic' || name === 'metricsPublic'
  return names.filter((name) => doors[name] && isThere(name)).map((name) => DOORS[name])
}
