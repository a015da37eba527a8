import {
  type Bench,
  bareFigure,
  type Figure,
  inBareRequests,
  type Lab,
  type LoadResult,
  lateNotes,
  latencyNote,
  logInGuests,
  memoryFigure,
  pick,
  ratios,
  spread,
  startBare,
  takeTurns,
} from '../harness/harness.ts'
import {
  CONNECTIONS,
  CONSUMERS_ON,
  countingCommits,
  type Earning,
  earnOf,
  startEarning,
} from './earns.ts'
import { slowDiskFigures } from './slow-disk.ts'
import { tracedSyncFigures } from './traced-syncs.ts'

const SPREAD_PLAYERS = 256
/** The yardstick may be slow: 64 that wait for a commit of 20 ms each would be shed after a second. */
const ONE_BY_ONE = { COMMIT_WRITES_MAX: '1', COMMIT_DELAY_MAX_MS: '60000' }

export const earnBench: Bench = {
  name: 'earn',
  question: 'What does a durable earn cost, and what does group commit save?',
  folder: import.meta.dirname,
  async measure(lab) {
    await using grouped = await startEarning(lab, 'grouped')
    await using beside = await startEarning(lab, 'beside consumers', CONSUMERS_ON)
    const saturated = await atSaturation(lab, grouped, beside)
    const half = [
      await atHalfLoad(lab, 'consumers off', grouped, saturated.perSecond),
      await atHalfLoad(lab, BESIDE, beside, saturated.besidePerSecond),
    ]
    const memory = [
      ...memoryFigure('server memory', lab.costs(grouped.server, saturated.results)),
      ...memoryFigure(
        `server memory, ${BESIDE}`,
        lab.costs(beside.server, saturated.besideResults),
      ),
    ]
    const durable = [...(await tracedSyncFigures(lab)), ...(await slowDiskFigures(lab, grouped))]
    return [...saturated.figures, ...half, ...memory, ...durable]
  },
}

/** Wherever these words stand, the CPU time and the memory are those of both. */
const BESIDE = 'consumers on the same core'

async function atSaturation(lab: Lab, grouped: Earning, beside: Earning) {
  await using single = await startEarning(lab, 'one by one', ONE_BY_ONE)
  // Random keys get a database of their own, so that all of its index is random.
  await using random = await startEarning(lab, 'random keys')
  const anEarn = earnOf(grouped.tokens, '{uuid7}')
  await using bare = await startBare(lab, grouped.server, anEarn)
  await lab.warmUp(bare, anEarn, CONNECTIONS)
  const players = await logInGuests(grouped.server.port, SPREAD_PLAYERS)
  const commits = countingCommits(grouped.server)
  const behind: number[] = []
  const results = await takeTurns(lab.rounds, {
    grouped: () => commits.during(() => grouped.earn('earns, grouped')),
    bare: () => lab.load('bare node:http', bare, anEarn, { connections: CONNECTIONS }),
    async beside() {
      const result = await beside.earn(`earns, ${BESIDE}`)
      behind.push(await beside.server.metric('stage_lag_events{stage="windows"}'))
      return result
    },
    single: () => single.earn('earns, one commit each'),
    hot: () => grouped.earn('earns of one player', '{uuid7}', players.slice(0, 1)),
    spread: () => grouped.earn(`earns of ${SPREAD_PLAYERS} players`, '{uuid7}', players),
    random: () => random.earn('earns with random keys', '{uuid4}'),
  })
  const perSecond = spread(pick(results.grouped, 'perSecond'))
  const besidePerSecond = spread(pick(results.beside, 'perSecond'))
  const earns: Figure = {
    name: 'durable earns',
    unit: '/s',
    ...perSecond,
    // On PostgreSQL each statement crosses a socket, so only the ratios are asked of it.
    ...(lab.databases.kind === 'sqlite' ? { aim: { better: 'higher', target: 19_000 } } : {}),
    costs: lab.costs(grouped.server, results.grouped),
    notes: ['consumers off', latencyNote(results.grouped)],
  }
  const besideEarns: Figure = {
    name: `durable earns, ${BESIDE}`,
    unit: '/s',
    ...besidePerSecond,
    costs: lab.costs(beside.server, results.beside),
    notes: [
      'CPU and memory are those of both',
      `the windows were up to ${Math.max(...behind).toLocaleString('en-US')} earns behind`,
      latencyNote(results.beside),
    ],
  }
  const commitsFigure: Figure = {
    name: 'commits per 1,000 earns',
    unit: 'per 1,000',
    ...spread(commits.perThousand),
    aim: { better: 'lower', floor: 100, target: 40 },
    notes: [],
  }
  return {
    results: results.grouped,
    besideResults: results.beside,
    perSecond: perSecond.median,
    besidePerSecond: besidePerSecond.median,
    figures: [
      earns,
      bareFigure(lab, bare, results.bare),
      ...inBareRequests(
        'CPU time of an earn, in requests of bare node:http',
        results.grouped,
        results.bare,
      ),
      besideEarns,
      ...comparisons(results),
      commitsFigure,
    ],
  }
}

type Results = Readonly<
  Record<'grouped' | 'single' | 'hot' | 'spread' | 'random', readonly LoadResult[]>
>

function comparisons(results: Results): Figure[] {
  const against = (subject: keyof Results, yardstick: keyof Results) => ({
    unit: 'x' as const,
    ...spread(ratios(pick(results[subject], 'perSecond'), pick(results[yardstick], 'perSecond'))),
  })
  const rate = (name: keyof Results) =>
    `${Math.round(spread(pick(results[name], 'perSecond')).median).toLocaleString('en-US')}/s`
  return [
    {
      name: 'grouped against one commit each',
      ...against('grouped', 'single'),
      aim: { better: 'higher', floor: 3, target: 6 },
      notes: [`one commit each: ${rate('single')}, ${latencyNote(results.single)}`],
    },
    {
      name: `one hot player against ${SPREAD_PLAYERS}`,
      ...against('hot', 'spread'),
      aim: { better: 'higher', target: 0.9 },
      notes: [`hot ${rate('hot')}, spread ${rate('spread')}`],
    },
    {
      name: 'random keys (UUIDv4) against UUIDv7',
      ...against('random', 'grouped'),
      notes: [`random ${rate('random')}`],
    },
  ]
}

async function atHalfLoad(
  lab: Lab,
  how: string,
  { server, tokens }: Earning,
  full: number,
): Promise<Figure> {
  const perSecond = Math.round(full / 2)
  const plan = { connections: CONNECTIONS, perSecond }
  const { results } = await takeTurns(lab.rounds, {
    results: () => lab.load(`earns at half load, ${how}`, server, earnOf(tokens, '{uuid7}'), plan),
  })
  return {
    name: `p95 of an earn at half load (${perSecond.toLocaleString('en-US')}/s), ${how}`,
    unit: 'ms',
    ...spread(pick(results, 'p95Ms')),
    aim: { better: 'lower', target: 10 },
    costs: lab.costs(server, results),
    notes: [latencyNote(results), ...lateNotes(results)],
  }
}
