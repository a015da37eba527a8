import {
  type Batch,
  type Consumer,
  findOnAnalytics,
  insertOnAnalytics,
} from '../../analytics/analytics.ts'
import type { LogPage, LogRecord, UnloggedNumber } from '../../log/log.ts'
import type { Tx } from '../../store/store.ts'
import { type Changes, type Device, newDevice, receive } from './intervals.ts'

const FIND = findOnAnalytics('windows.find-device', {
  select: 'app, device_id AS "deviceId", intervals',
  from: 'analytics.loss_devices',
  key: { app: 'text', device_id: 'text' },
})
const KEEP = insertOnAnalytics(
  'windows.keep-device',
  'analytics.loss_devices',
  { app: 'text', device_id: 'text', intervals: 'text' },
  'ON CONFLICT (app, device_id) DO UPDATE SET intervals = excluded.intervals',
)
const ADD = insertOnAnalytics(
  'windows.add-loss',
  'analytics.loss_versions',
  { app: 'text', sdk: 'text', version: 'text', received: 'bigint', lost: 'bigint' },
  `ON CONFLICT (app, sdk, version) DO UPDATE
  SET received = loss_versions.received + excluded.received,
    lost = loss_versions.lost + excluded.lost`,
)

type Found = { readonly app: string; readonly deviceId: string; readonly intervals: string }
type Known = { readonly app: string; readonly deviceId: string; device: Device; isChanged: boolean }

/** Devices in each of two generations. */
const REMEMBERED_MAX = 50_000
const NO_TEXT = ''

export type LossParts = {
  readonly nextPage: (after: number, events: number) => Promise<LogPage | null>
  /** What arrived and is not in the log, in its order, some thousands at a time. */
  readonly unlogged: (offsets: Batch) => AsyncIterable<readonly UnloggedNumber[]>
}

/** The consumer that measures loss: which numbers of each device's own count have come. */
export function createLoss({ nextPage, unlogged }: LossParts): Consumer<LogPage> {
  let young = new Map<string, Known>()
  let old = new Map<string, Known>()

  const load = async (tx: Tx, asked: ReadonlyMap<string, readonly [string, string]>) => {
    if (young.size >= REMEMBERED_MAX) {
      old = young
      young = new Map()
    }
    const missing: (readonly [string, string])[] = []
    for (const [key, of] of asked) {
      if (young.has(key)) continue
      const older = old.get(key)
      if (!older) missing.push(of)
      const [app, deviceId] = of
      young.set(key, older ?? { app, deviceId, device: newDevice(), isChanged: false })
    }
    for (const { app, deviceId, intervals } of await tx.run<Found>(FIND, missing)) {
      const known = young.get(keyOf(app, deviceId))
      if (known) known.device = JSON.parse(intervals)
    }
  }

  const count = async (tx: Tx, numbers: readonly Counted[]): Promise<void> => {
    if (numbers.length === 0) return
    await load(tx, new Map(numbers.map(({ key, app, deviceId }) => [key, [app, deviceId]])))
    const changes = new Map<string, Changes>()
    const changed: Known[] = []
    for (const { key, app, seq, version } of numbers) {
      const known = young.get(key)
      if (!known) throw new Error('a device was counted and not loaded')
      const ofApp = changes.get(app) ?? new Map()
      changes.set(app, ofApp)
      receive(known.device, seq, version, ofApp)
      if (!known.isChanged) changed.push(known)
      known.isChanged = true
    }
    for (const known of changed) known.isChanged = false
    await tx.run(
      KEEP,
      changed.map(({ app, deviceId, device }) => [app, deviceId, JSON.stringify(device)]),
    )
    await tx.run(
      ADD,
      [...changes].flatMap(([app, ofApp]) => rowsOf(app, ofApp)),
    )
  }

  return {
    name: 'loss',
    source: 'log',
    next: nextPage,
    async apply(tx, { first, last, records }) {
      let next = 0
      const until = (offset: number): Counted[] => {
        const begin = next
        while ((records[next]?.offset ?? offset) < offset) next += 1
        return records.slice(begin, next).flatMap((record) => countOf(record) ?? [])
      }
      // In one order however the pages fall: the first of two with one number is the one that counts.
      for await (const numbers of unlogged({ first, last })) {
        await count(
          tx,
          numbers.flatMap((number) => [...until(number.offset), ofUnlogged(number)]),
        )
      }
      await count(tx, until(last + 1))
    },
    forget() {
      young = new Map()
      old = new Map()
    },
  }
}

const keyOf = (app: string, deviceId: string): string => `${app}\n${deviceId}`

type Counted = {
  readonly key: string
  readonly app: string
  readonly deviceId: string
  readonly seq: number
  readonly version: string
}

const versionOf = (sdk: string, appVersion: string): string => `${sdk}\n${appVersion}`

export const ofUnlogged = ({ app, deviceId, seq, sdk, version }: UnloggedNumber): Counted => ({
  ...{ key: keyOf(app, deviceId), app, deviceId, seq, version: versionOf(sdk, version) },
})

/** Null for what has no count: other senders than our SDK. */
function countOf({ kind, app, event, sdk }: LogRecord): Counted | null {
  if (kind !== 'game' || typeof event !== 'object' || event === null) return null
  if (!('seq' in event) || !('device_id' in event)) return null
  const { seq, device_id: deviceId } = event
  if (!Number.isSafeInteger(seq) || Number(seq) < 1 || typeof deviceId !== 'string') return null
  const appVersion = 'app_version' in event ? event.app_version : NO_TEXT
  const version = versionOf(sdk ?? NO_TEXT, typeof appVersion === 'string' ? appVersion : NO_TEXT)
  return { key: keyOf(app, deviceId), app, deviceId, seq: Number(seq), version }
}

const rowsOf = (app: string, changes: Changes) =>
  [...changes].map(([key, { received, lost }]) => [app, ...versionIn(key), received, lost])

/** A header cannot hold the line end that divides them; a version of a game may. */
export function versionIn(key: string): readonly [sdk: string, version: string] {
  const end = key.indexOf('\n')
  return [key.slice(0, end), key.slice(end + 1)]
}
