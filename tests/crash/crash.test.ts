import { describe, expect, it } from 'vitest'
import { campaign, type Report, survey } from './campaign.ts'
import { type Chance, createChance } from './chance.ts'
import {
  type Kill,
  killsAt,
  killsAtAnyMoment,
  killsInsideCommits,
  stepsOfReads,
  stepsOfWrites,
} from './kills.ts'
import type { DatabaseName } from './staging.ts'
import { tracingHere } from './strace.ts'

/** How many kills in all; without it as many as show every step once. */
const MORE = Number(process.env['CRASH_KILLS'] ?? 0)
const RUN = Number(process.env['CRASH_RUN'] ?? Date.now() % 1_000_000)
/** The checks read all that was ever written, so a long run begins anew now and then. */
const KILLS_PER_DATABASE = 30
const tracingIs = await tracingHere()

/** For the time-out of a test: a life takes less than a second on two cores that do nothing else. */
const KILL_MS_MAX = 10_000

describe.each(['sqlite', 'postgres'] as const)('a server that is killed on %s', (database) => {
  const share = database === 'sqlite' ? 0.7 : 0.3
  const more = Math.floor(MORE * share)

  it(
    'keeps every acknowledged write once, at whichever step of a write it dies',
    async () => {
      const chance = createChance(RUN)
      const reached = await survey(database, RUN)
      const steps = database === 'sqlite' ? allSteps(reached) : stepsThatChange()
      const rounds = Math.max(1, Math.ceil((more * 0.6) / steps.length))
      const kills = times(rounds, () => killsAt(steps, reached, chance)).flat()
      const reports = await campaigns(database, kills, chance)
      const counted = sum(reports)
      expect(counted.violations).toEqual([])
      expect(Object.keys(counted.kills).sort()).toEqual([...new Set(steps)].sort())
      assertRan(counted, kills.length)
    },
    budgetMs(more + 60),
  )

  it(
    'keeps every acknowledged write once, at whichever moment it dies',
    async () => {
      const chance = createChance(RUN + 1)
      const atLeast = database === 'sqlite' ? 10 : 6
      const kills = killsAtAnyMoment(Math.max(atLeast, Math.floor(more * 0.3)), chance)
      const counted = sum(await campaigns(database, kills, chance))
      expect(counted.violations).toEqual([])
      assertRan(counted, kills.length)
    },
    budgetMs(more + 20),
  )
})

describe('a server that is killed inside a commit', () => {
  it.skipIf(tracingIs.isMissing)(
    `keeps every acknowledged write once, between any two of its system calls${tracingIs.because}`,
    async () => {
      const chance = createChance(RUN + 2)
      const kills = killsInsideCommits(Math.max(12, Math.floor(MORE * 0.1)), chance)
      const counted = sum(await campaigns('sqlite', kills, chance))
      expect(counted.violations).toEqual([])
      assertRan(counted, kills.length)
    },
    budgetMs(MORE + 20),
  )
})

describe.each(['sqlite', 'postgres'] as const)('the same check on %s', (database) => {
  const onBroken = (build: string, step: string) => {
    const kills: Kill[] = [2, 5].map((nth) => ({ kind: 'at-step', step, nth }))
    return campaign({ database, run: RUN + 3, kills, settings: { BROKEN_BUILD: build } })
  }

  it(
    'finds what is done twice by a build that stores the key after the commit',
    async () => {
      const { kills, violations } = await onBroken('key-after-commit', 'before key')
      expect(kills).toEqual({ 'before key': 2 })
      expect(violations).toContainEqual(expect.stringMatching(/is there 2 times$/))
    },
    budgetMs(3),
  )

  it(
    'finds what is lost by a build that answers before the commit',
    async () => {
      const { kills, violations } = await onBroken('answer-before-commit', 'answered')
      expect(kills).toEqual({ answered: 2 })
      expect(violations).toContainEqual(expect.stringMatching(/was acknowledged and is lost$/))
    },
    budgetMs(3),
  )
})

function allSteps(reached: Readonly<Record<string, number>>): string[] {
  return [...stepsOfWrites(), ...stepsOfReads(Object.keys(reached))]
}

/** On PostgreSQL the database lives on: what has changed no row yet is gone with the connection. */
const stepsThatChange = (): string[] =>
  stepsOfWrites().filter((step) => !/^before \w+\./.test(step) && !step.includes('accounts.'))

function budgetMs(kills: number): number {
  return 60_000 + kills * KILL_MS_MAX
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make)

async function campaigns(
  database: DatabaseName,
  kills: readonly Kill[],
  chance: Chance,
): Promise<Report[]> {
  const reports: Report[] = []
  for (let from = 0; from < kills.length; from += KILLS_PER_DATABASE) {
    const some = kills.slice(from, from + KILLS_PER_DATABASE)
    const report = await campaign({ database, run: chance.integer(1, 2 ** 31), kills: some })
    reports.push(report)
  }
  return reports
}

type Sum = Omit<Report, 'readyMsMax'>

function sum(reports: readonly Report[]): Sum {
  const kills: Record<string, number> = {}
  const total = { done: 0, refused: 0, repeats: 0, unanswered: { there: 0, absent: 0 } }
  for (const report of reports) {
    for (const [step, n] of Object.entries(report.kills)) kills[step] = (kills[step] ?? 0) + n
    total.done += report.done
    total.refused += report.refused
    total.repeats += report.repeats
    total.unanswered.there += report.unanswered.there
    total.unanswered.absent += report.unanswered.absent
  }
  const readyMsMax = Math.max(...reports.map((report) => report.readyMsMax))
  const violations = reports.flatMap((report) => report.violations)
  print({ kills, ...total, violations }, readyMsMax)
  return { kills, ...total, violations }
}

function print(of: Sum, readyMsMax: number): void {
  const count = Object.values(of.kills).reduce((all, n) => all + n, 0)
  const { there, absent } = of.unanswered
  console.log(
    [
      `run ${RUN}: ${count} kills, ${of.violations.length} violations; ready again within ${readyMsMax} ms`,
      `${of.done} writes done, ${of.refused} refused, ${of.repeats} repeats; without an answer: ${there} were in the books, ${absent} were not`,
      ...Object.entries(of.kills).map(([step, n]) => `  ${String(n).padStart(4)}  ${step}`),
    ].join('\n'),
  )
}

/** A run in which nothing was killed, or nothing was under way, shows nothing. */
function assertRan({ kills, done, repeats, unanswered }: Sum, planned: number): void {
  expect(Object.values(kills).reduce((all, n) => all + n, 0)).toBe(planned)
  expect(done).toBeGreaterThan(planned)
  expect(repeats).toBeGreaterThan(0)
  expect(unanswered.there + unanswered.absent).toBeGreaterThan(planned)
}
