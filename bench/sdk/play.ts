// Plays games against faulty servers, all of a list at the same time, since most of it is waiting.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { END_MS, END_WITHIN_MS, type Fault, PURCHASE_EVERY, RECORD_MS } from './faults.ts'
import { type FaultyServer, startFaultyServer } from './faulty-server.ts'
import type { GameJob } from './game.ts'
import { leftBehind } from './left-behind.ts'
import { PROTOCOLS, type SdkName } from './protocols.ts'
import { type Tally, tallyOf } from './tally.ts'

export type Pair = { readonly sdk: SdkName; readonly fault: Fault }
export type Played = Pair & { readonly tally: Tally }

/** Processes that start at the same time. */
const STARTS_MAX = 4
/** Marks of a second start. */
const SECOND_FIRST = 100_000
const ENDS_WITHIN_MS = END_WITHIN_MS + 7_000

type Seat = Pair & {
  readonly folder: string
  readonly server: FaultyServer
  readonly recorded: Set<string>
  game: Game
}

/** @throws when a game ends by itself */
export async function playFaults(
  pairs: readonly Pair[],
  folder: string,
): Promise<readonly Played[]> {
  const seats: Seat[] = []
  try {
    while (seats.length < pairs.length) {
      const next = pairs.slice(seats.length, seats.length + STARTS_MAX)
      seats.push(...(await Promise.all(next.map((pair) => takeSeat(pair, folder)))))
    }
    return await Promise.all(seats.map(play))
  } finally {
    for (const { game, server } of seats) {
      game.kill()
      await server[Symbol.asyncDispose]()
    }
  }
}

async function takeSeat({ sdk, fault }: Pair, parent: string) {
  const server = await startFaultyServer(PROTOCOLS[sdk])
  const folder = mkdtempSync(join(parent, `${sdk}-`))
  const recorded = new Set<string>()
  const base = { sdk, fault, folder, server, recorded }
  return { ...base, game: await startGame(jobOf(base, 0, fault.burst, RECORD_MS), recorded) }
}

function jobOf(
  { sdk, fault, folder, server }: Omit<Seat, 'game'>,
  first: number,
  burst: number,
  recordMs: number,
): GameJob {
  const { textChars, queueEvents } = fault
  const bound = queueEvents === undefined ? {} : { queueEvents }
  return { sdk, url: server.url, folder, textChars, first, burst, recordMs, ...bound }
}

async function play(seat: Seat): Promise<Played> {
  const { sdk, fault, server, folder, recorded } = seat
  const since = performance.now()
  const until = (ms: number) => sleep(Math.max(0, since + ms - performance.now()))
  server.weather = fault.weather
  seat.game.tell('go')
  const better = Number.isFinite(fault.forMs)
    ? until(fault.forMs).then(() => {
        server.weather = 'up'
      })
    : undefined
  if (fault.restart) {
    await until(fault.restart.killAtMs)
    seat.game.kill()
    await until(fault.restart.againAtMs)
    const job = jobOf(seat, SECOND_FIRST, 0, RECORD_MS - fault.restart.againAtMs)
    seat.game = await startGame(job, recorded)
    seat.game.tell('go')
  }
  await better
  await until(END_MS)
  await seat.game.end()
  const waiting = leftBehind(sdk, folder)
  const isPurchase = (mark: string) => Number(mark.slice('mark-'.length)) % PURCHASE_EVERY === 0
  return { sdk, fault, tally: tallyOf(recorded, isPurchase, waiting, server) }
}

type Game = {
  tell(line: string): void
  /** Ends it in good order. @throws when it had ended by itself */
  end(): Promise<void>
  /** Ends it with no last word. */
  kill(): void
}

async function startGame(job: GameJob, recorded: Set<string>): Promise<Game> {
  const script = join(import.meta.dirname, 'game.ts')
  const flags = ['--disable-warning=ExperimentalWarning', script, JSON.stringify(job)]
  const child = spawn(process.execPath, flags, { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2_000)
  })
  child.stdin.on('error', () => undefined)
  const lines = createInterface(child.stdout)
  const ready = new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      if (line === '@ready') resolve()
      if (line.startsWith('@recorded ')) recorded.add(line.slice('@recorded '.length))
    })
    child.once('exit', () => reject(new Error(`${job.sdk} ended before it was ready:\n${said}`)))
  })
  await ready
  return {
    tell: (line) => void child.stdin.write(`${line}\n`),
    kill: () => void child.kill('SIGKILL'),
    async end() {
      if (hasEnded(child)) throw new Error(`${job.sdk} ended by itself:\n${said}`)
      const exit = once(child, 'exit')
      child.stdin.write('end\n')
      // Most have timers and connections of their own; those that hang are ended as a player would.
      const late = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS)
      await exit
      clearTimeout(late)
    },
  }
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null
