import { join } from 'node:path'
import {
  type Costs,
  coresOf,
  type Figure,
  type Lab,
  type LoadResult,
  lateNotes,
  latencyNote,
  logInGuests,
  memoryFigure,
  pick,
  type RequestTemplate,
  ratios,
  runChild,
  type Server,
  spread,
  takeTurns,
} from '../harness/harness.ts'
import type { Argon2Job, Argon2Rate } from './bare-argon2.ts'

/** More than hash at once, so that the queue for it never runs dry. */
const CONNECTIONS = 8
const PLAYERS = 8
const READS = { connections: 16, perSecond: 1_000 } as const
const PASSWORD = 'seventeen quiet lanterns'

const logIn: RequestTemplate = {
  method: 'POST',
  path: '/auth/login',
  body: JSON.stringify({ username: 'bench-player-{player}', password: PASSWORD }),
  players: PLAYERS,
}

/** Logins with passwords against nothing but their hashes, and what they do to everybody else. */
export async function passwordFigures(lab: Lab): Promise<readonly Figure[]> {
  const atOnce = coresOf(lab.cores.server)
  const settings = { PASSWORD_HASHES_AT_ONCE: String(atOnce) }
  await using server = await lab.startServer('passwords', settings)
  await register(server)
  const tokens = await logInGuests(server.port, READS.connections)
  const balance: RequestTemplate = { method: 'GET', path: '/balance', tokens }
  await lab.warmUp(server, balance, READS.connections)
  const logins = (name: string) => lab.load(name, server, logIn, { connections: CONNECTIONS })
  const reads = (name: string) => lab.load(name, server, balance, READS)
  const speed = await takeTurns(lab.rounds, {
    logins: () => logins('password logins'),
    bare: () => bareRate(lab, atOnce),
  })
  const others = await takeTurns(lab.rounds, {
    alone: () => reads('reads alone'),
    beside: async () => {
      const [beside] = await Promise.all([
        reads('reads beside passwords'),
        logins('passwords beside reads'),
      ])
      return beside
    },
  })
  return [
    againstBare(speed.logins, speed.bare, lab.costs(server, speed.logins)),
    readsBeside(others.alone, others.beside),
    ...memoryFigure('server memory, passwords', lab.costs(server, others.beside)),
  ]
}

function againstBare(
  logins: readonly LoadResult[],
  bare: readonly Argon2Rate[],
  costs: Costs,
): Figure {
  const rates = { logins: pick(logins, 'perSecond'), bare: bare.map((rate) => rate.perSecond) }
  const cpuRatio = spread(bare.map((rate) => rate.cpuUs)).median / (costs.serverCpuUs ?? Number.NaN)
  const perSecond = (values: readonly number[]) => `${spread(values).median.toFixed(1)}/s`
  return {
    name: 'password logins against bare argon2id',
    unit: 'x',
    ...spread(ratios(rates.logins, rates.bare)),
    aim: { better: 'higher', target: 0.9 },
    costs,
    notes: [
      ...(Number.isNaN(cpuRatio) ? [] : [`${cpuRatio.toFixed(2)} × by CPU time`]),
      `${perSecond(rates.logins)} against ${perSecond(rates.bare)}`,
      latencyNote(logins),
    ],
  }
}

function readsBeside(alone: readonly LoadResult[], beside: readonly LoadResult[]): Figure {
  return {
    name: `p95 of ${READS.perSecond.toLocaleString('en-US')} reads/s beside passwords, against alone`,
    unit: 'x',
    ...spread(ratios(pick(beside, 'p95Ms'), pick(alone, 'p95Ms'))),
    aim: { better: 'lower', target: 1.5 },
    notes: [`alone ${latencyNote(alone)}`, `beside ${latencyNote(beside)}`, ...lateNotes(beside)],
  }
}

async function bareRate(lab: Lab, atOnce: number): Promise<Argon2Rate> {
  const { seconds, warmupSeconds } = lab
  const job: Argon2Job = { atOnce, seconds, warmupSeconds }
  const options = { core: lab.cores.server }
  const path = join(import.meta.dirname, 'bare-argon2.ts')
  const rate = await runChild<Argon2Rate>(path, options, job)
  lab.say(`bare argon2id: ${rate.perSecond.toFixed(1)}/s`)
  return rate
}

async function register({ port }: Server): Promise<void> {
  for (let player = 0; player < PLAYERS; player++) {
    const answer = await fetch(`http://127.0.0.1:${port}/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: `bench-player-${player}`, password: PASSWORD }),
    })
    if (!answer.ok) throw new Error(`a player cannot register: ${await answer.text()}`)
  }
}
