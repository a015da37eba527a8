import {
  type Figure,
  type Lab,
  lateNotes,
  latencyNote,
  pick,
  spread,
  takeTurns,
} from '../harness/harness.ts'
import { type Earning, startEarning } from './earns.ts'
import { delayingSyncs, hasStrace } from './strace.ts'

/** What a sync takes longer: that of a common cloud disk. */
const DELAY_US = 2_600
const READS = { connections: 16, perSecond: 500 } as const

/**
 * Earns and reads at once, on this disk and on a slow one. While SQLite syncs on the thread that
 * answers, nothing else is answered: the reads show whether that is bearable.
 */
export async function slowDiskFigures(lab: Lab, grouped: Earning): Promise<readonly Figure[]> {
  if (lab.databases.kind !== 'sqlite') return []
  if (!hasStrace()) {
    lab.remark('no slow disk was tried: strace is missing or not allowed')
    const { here } = await takeTurns(lab.rounds, { here: mixed(lab, grouped, 'this disk') })
    return figures(lab, grouped, 'this disk', here)
  }
  await using slow = await startEarning(lab, 'slow disk', {}, delayingSyncs(DELAY_US))
  const slowDisk = `syncs of ${DELAY_US / 1_000} ms more`
  const results = await takeTurns(lab.rounds, {
    here: mixed(lab, grouped, 'this disk'),
    slow: mixed(lab, slow, slowDisk),
  })
  return [
    ...figures(lab, grouped, 'this disk', results.here),
    ...figures(lab, slow, slowDisk, results.slow),
  ]
}

/** Earns as fast as they go, and beside them reads at a fixed rate. */
const mixed =
  (lab: Lab, { server, tokens, earn }: Earning, disk: string) =>
  async () => {
    const balance = { method: 'GET', path: '/balance', tokens } as const
    const [earns, reads] = await Promise.all([
      earn(`earns beside reads, ${disk}`),
      lab.load(`reads beside earns, ${disk}`, server, balance, READS),
    ])
    return { earns, reads }
  }

type Mixed = Awaited<ReturnType<ReturnType<typeof mixed>>>

function figures(lab: Lab, { server }: Earning, disk: string, rounds: readonly Mixed[]): Figure[] {
  const earns = rounds.map((round) => round.earns)
  const reads = rounds.map((round) => round.reads)
  return [
    {
      name: `earns beside ${READS.perSecond} reads/s, ${disk}`,
      unit: '/s',
      ...spread(pick(earns, 'perSecond')),
      costs: lab.costs(server, earns),
      notes: [latencyNote(earns)],
    },
    {
      name: `p95 of these reads, ${disk}`,
      unit: 'ms',
      ...spread(pick(reads, 'p95Ms')),
      notes: [latencyNote(reads), ...lateNotes(reads)],
    },
  ]
}
