import type { Grain, Range } from './ask-server.ts'
import type { Difference } from './figures.ts'
import type { GameTime } from './game-time.ts'
import type { Fetch, Network } from './network.ts'
import type { DailyUsers } from './truth.ts'
import type { UsdRates } from './usd.ts'
import type { Verdicts } from './verdicts.ts'

export type SimulationParts = {
  readonly time: GameTime
  /** How games reach the server. */
  readonly fetch: Fetch
  /** How operators do. */
  readonly ask: typeof globalThis.fetch
  /** Of the machine, whatever the game's time is. */
  readonly pause: (ms: number) => Promise<void>
  readonly monotonic: () => number
  readonly progress: (progress: Progress) => void
  /** Ends the game early: what was played is sent and compared. */
  readonly signal: AbortSignal
}

export type SimulationSettings = {
  /** As `http://127.0.0.1:8000`. */
  readonly url: string
  readonly ingestKey: string
  readonly operatorKey: string
  /** The app of both keys. */
  readonly app: string
  readonly seed: string
  readonly players: number
  /** Events per second of the game, about. */
  readonly rate: number
  readonly minutes: number
  /** Above 1 the game lies in the past and ends now: that of ten minutes takes one with 10. */
  readonly speed: number
  /** Shares, from 0 to 1. */
  readonly duplicates: number
  readonly late: number
  readonly bad: number
  readonly offline: number
  /** Whether some clocks are wrong. */
  readonly skew: boolean
  readonly rates: UsdRates
  /** So long without progress, and what is missing is missing. */
  readonly patienceMs: number
  /** What is compared at the end, with the daily users where days are; everything unless told. */
  readonly grains?: readonly Grain[]
  /** See the script; 5,000 where the network takes time. */
  readonly edgeMs: number
}

export type Progress =
  | {
      readonly phase: 'playing'
      readonly share: number
      readonly played: number
      readonly waiting: number
    }
  | { readonly phase: 'sending'; readonly waiting: number }
  | { readonly phase: 'counting'; readonly visible: number; readonly of: number }

export type SimulationResult = {
  /** Part of each player's id. */
  readonly run: string
  readonly range: Range
  readonly played: number
  /** Verdicts as they came over the wire, those of repeated requests too. */
  readonly verdicts: ReturnType<Verdicts['statuses']>
  readonly codes: Readonly<Record<string, number>>
  readonly network: ReturnType<Network['counts']>
  /** Accepted events that count in the numbers. */
  readonly events: number
  /** Figures by name, as `minute 2026-03-01T12:00:00.000Z purchases`. */
  readonly truth: Readonly<Record<string, number>>
  readonly dailyUsers: readonly DailyUsers[]
  /** What the server did otherwise than it must, in words: the first of them. */
  readonly faults: readonly string[]
  readonly faultCount: number
  readonly differences: readonly Difference[]
  /** Of which windows nothing is known. */
  readonly notCompared: readonly Grain[]
  readonly right: boolean
}
