import { checkpointOf, onAnalytics } from '../../analytics/analytics.ts'
import type { UnloggedNumber } from '../../log/log.ts'
import type { Read } from '../../store/store.ts'
import { type LossParts, ofUnlogged, versionIn } from './create-loss.ts'
import { type Changes, type Device, newDevice, receive } from './intervals.ts'

const READ = onAnalytics(
  'windows.read-loss',
  `SELECT app, sdk, version, received, lost FROM analytics.loss_versions
  WHERE CAST($1 AS TEXT) IS NULL OR app = $1 ORDER BY app, sdk, version`,
)

const DEVICE = onAnalytics(
  'windows.read-device',
  'SELECT intervals FROM analytics.loss_devices WHERE app = $1 AND device_id = $2',
)

/** Numbers that devices gave their events, by SDK and version of the game; empty where it was not said. */
export type Loss = {
  readonly app: string
  readonly sdk: string
  readonly version: string
  readonly received: number
  readonly lost: number
}

/**
 * What is measured, and what was refused since the newest event of the log: the consumer counts that
 * with the next event, which may not come soon where all that a game sends is refused. Some thousands
 * of those at the most.
 * @param app null: of all apps
 */
export async function readLoss(
  read: Read,
  unlogged: LossParts['unlogged'],
  app: string | null,
): Promise<Loss[]> {
  const next = (await checkpointOf(read, 'loss')) + 1
  const rows = await read<Loss>(READ, [app])
  for await (const numbers of unlogged({ first: next, last: next })) {
    const own = numbers.filter((number) => app === null || number.app === app)
    return withChanges(rows, await changesBy(read, own))
  }
  return rows
}

/** What the numbers would change, by app. */
async function changesBy(
  read: Read,
  numbers: readonly UnloggedNumber[],
): Promise<ReadonlyMap<string, Changes>> {
  const devices = new Map<string, Device>()
  const byApp = new Map<string, Changes>()
  for (const { key, app, deviceId, seq, version } of numbers.map(ofUnlogged)) {
    const device = devices.get(key) ?? (await deviceOf(read, app, deviceId))
    devices.set(key, device)
    const changes: Changes = byApp.get(app) ?? new Map()
    byApp.set(app, changes)
    receive(device, seq, version, changes)
  }
  return byApp
}

async function deviceOf(read: Read, app: string, deviceId: string): Promise<Device> {
  type Found = { readonly intervals: string }
  const [found] = await read<Found>(DEVICE, [app, deviceId])
  return found ? JSON.parse(found.intervals) : newDevice()
}

function withChanges(rows: readonly Loss[], changes: ReadonlyMap<string, Changes>): Loss[] {
  const all = new Map(rows.map((row) => [JSON.stringify([row.app, row.sdk, row.version]), row]))
  for (const [app, ofApp] of changes) {
    for (const [of, { received, lost }] of ofApp) {
      const [sdk, version] = versionIn(of)
      const key = JSON.stringify([app, sdk, version])
      const row = all.get(key) ?? { app, sdk, version, received: 0, lost: 0 }
      all.set(key, { ...row, received: row.received + received, lost: row.lost + lost })
    }
  }
  return [...all.values()].sort(
    (a, b) => order(a.app, b.app) || order(a.sdk, b.sdk) || order(a.version, b.version),
  )
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
