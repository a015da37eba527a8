import type { Settings } from '@questline/sdk'
import { createDice } from '../dice.ts'
import { createSeededRandom } from '../seeded-random.ts'
import { createAsking, GRAINS } from './ask-server.ts'
import { type Cast, createCast } from './cast.ts'
import { createCrowd } from './crowd.ts'
import { compareGame, type Played, stateBefore } from './judge.ts'
import { createNetwork } from './network.ts'
import { LATE_MS_MAX, type Turn } from './planned-event.ts'
import { createScript } from './script.ts'
import type { SimulationParts, SimulationResult, SimulationSettings } from './simulation.ts'
import { createTruth } from './truth.ts'
import { createVerdicts } from './verdicts.ts'

const MINUTE_MS = 60_000
const LOOK_MS = 50
/** More unanswered events than that, and the game waits for the server. */
const WAITING_MAX = 100_000
const TURNS_AT_ONCE = 50
const NEVER = new AbortController().signal

/** Devices try again sooner than the SDK would by itself, and much sooner in a fast game. */
const sdkSettings = (speed: number): Partial<Settings> => ({
  flushIntervalMs: Math.max(500, 5_000 / speed),
  backoffMinMs: Math.max(100, 500 / speed),
  backoffMaxMs: Math.max(500, 5_000 / speed),
  retryAfterMaxMs: 5_000,
})

/**
 * Plays a game with the SDK on each device, keeps the exact truth, and compares the server's numbers
 * with it. The app must be the game's alone while it plays; what is there before is taken off.
 * @throws NoAnswerError when the server does not show its numbers
 */
export async function simulateGame(
  parts: SimulationParts,
  settings: SimulationSettings,
): Promise<SimulationResult> {
  const { time, signal } = parts
  const { seed, minutes, speed, grains = GRAINS } = settings
  const length = speed > 1 ? minutes * MINUTE_MS : 0
  const asking = createAsking({ ...settings, grains, fetch: parts.ask, pause: parts.pause })
  const before = await stateBefore(asking, {
    from: time.now() - length - LATE_MS_MAX,
    to: time.now() + MINUTE_MS,
  })

  const openedAt = time.now()
  const startAt = openedAt - length
  const run = `${seed}-${startAt.toString(36)}`
  const dice = createDice(createSeededRandom(seed))
  const cast = createCast(dice, { players: settings.players, skew: settings.skew, run })
  const script = createScript(dice, cast, { ...settings, startAt })
  const stage = openStage(parts, settings, cast)

  const take = async (turn: Turn): Promise<void> => {
    await time.until(openedAt + (turn.at - startAt) / speed, signal)
    // An end that was asked for wakes it early: what has not happened yet must not be told.
    if (!signal.aborted) stage.take(turn)
  }
  const play = async (): Promise<void> => {
    for (const turn of script.opening) await take(turn)
    await stage.settle()
    let turns = 0
    for (const turn of script.turns()) {
      if (signal.aborted) return
      await take(turn)
      turns += 1
      if (turns % TURNS_AT_ONCE === 0)
        await stage.breathe((turn.at - startAt) / minutes / MINUTE_MS)
    }
  }
  await play()
  await stage.sendAll()
  return compareGame(parts, settings, { ...stage.played(), asking, before, run, startAt })
}

/** Everything that plays: the devices, the network between, and the count of what came of it. */
function openStage(parts: SimulationParts, settings: SimulationSettings, cast: Cast) {
  const { time, pause, monotonic, progress, signal } = parts
  const { seed, speed, app, url, ingestKey, patienceMs } = settings
  const truth = createTruth(settings.rates)
  const verdicts = createVerdicts(truth.accept)
  // Apart from the game's own chance: how often the SDK asks for some depends on the network.
  const dice = createDice(createSeededRandom(`${seed} network`))
  const network = createNetwork({ time, dice, fetch: parts.fetch, verdicts }, settings)
  const crowd = createCrowd({ time, dice, network, verdicts }, cast, {
    ...{ url, apiKey: ingestKey, app, sdk: sdkSettings(speed) },
  })
  let count = 0

  /** Until every event has its verdict, or none has come for long. */
  const settle = async (): Promise<void> => {
    let least = Number.POSITIVE_INFINITY
    let since = monotonic()
    for (;;) {
      const waiting = crowd.waiting()
      if (waiting === 0) return
      progress({ phase: 'sending', waiting })
      if (waiting < least) {
        least = waiting
        since = monotonic()
      }
      if (monotonic() - since > patienceMs) return
      await crowd.flush()
      await time.until(time.now() + LOOK_MS, NEVER)
    }
  }

  return {
    take(turn: Turn): void {
      const device = crowd.deviceOf(turn.player)
      for (const event of turn.events) device.play(event)
      count += turn.events.length
      if (turn.setSkewMs !== null) device.setClock(turn.setSkewMs)
      if (turn.offlineMs > 0) device.loseConnection(time.now() + turn.offlineMs / speed)
    },
    settle,
    /** Lets the network have its turn, and waits for a server that is far behind. */
    async breathe(share: number): Promise<void> {
      await new Promise(setImmediate)
      progress({ phase: 'playing', share, played: count, waiting: verdicts.waiting() })
      while (verdicts.waiting() > WAITING_MAX && !signal.aborted) await pause(LOOK_MS)
    },
    async sendAll(): Promise<void> {
      crowd.reconnect()
      await settle()
      await crowd.close()
    },
    played: (): Pick<Played, 'truth' | 'verdicts' | 'network' | 'crowd' | 'count'> => ({
      ...{ truth, verdicts, network, crowd, count },
    }),
  }
}
