import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../packages/server/src/platform/platform.ts'
import {
  type Fetch,
  machineTime,
  type SimulationParts,
  type SimulationResult,
  type SimulationSettings,
  simulateGame,
} from '../../packages/server/src/simulate/simulate.ts'
import type { TestServer } from '../http/server.ts'

/** Straight to the server. */
export const direct: Fetch = (url, request) => fetch(url, request)

/** Everything that can go wrong goes wrong often. */
export const ROUGH = {
  ...{ duplicates: 0.2, late: 0.05, bad: 0.1, offline: 0.05, skew: true, rates: new Map() },
} as const satisfies Partial<SimulationSettings>

export const SMALL: Omit<SimulationSettings, 'url' | 'ingestKey' | 'operatorKey'> = {
  ...ROUGH,
  ...{ app: 'my-game', seed: 'one', players: 25, rate: 10, minutes: 3, speed: 1 },
  ...{ patienceMs: 10_000, edgeMs: 5_000 },
}

/** Plays on `server`, with the keys of the app `my-game`. */
export const playOn = (
  server: Pick<TestServer, 'url' | 'keys'>,
  settings: Partial<SimulationSettings> = {},
  parts: Partial<SimulationParts> = {},
): Promise<SimulationResult> =>
  simulateGame(
    {
      ...{ time: machineTime(systemClock), fetch: direct, ask: globalThis.fetch },
      ...{ pause: sleep, monotonic: systemClock.monotonic, progress: () => undefined },
      signal: new AbortController().signal,
      ...parts,
    },
    {
      ...{ ...SMALL, url: server.url },
      ...{ ingestKey: server.keys.ingest, operatorKey: server.keys.operator },
      ...settings,
    },
  )
