import { statSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Bench,
  bareFigure,
  type Figure,
  inBareRequests,
  type Lab,
  type LoadResult,
  lateNotes,
  latencyNote,
  memoryFigure,
  pick,
  ratios,
  spread,
  startBare,
  takeTurns,
} from '../harness/harness.ts'
import { batchOf, CONNECTIONS, commitsPerThousand, startTaking, type Taking } from './batches.ts'

const BATCH = 50
const DUPLICATES = 10
const SINGLES_AT_ONCE = 128

export const ingestBench: Bench = {
  name: 'ingest',
  question: 'What does an event cost from the wire to the disk?',
  folder: import.meta.dirname,
  async measure(lab) {
    await using taking = await startTaking(lab, 'ingest')
    await using beside = await startTaking(lab, 'beside consumers', { CONSUMERS: 'on' })
    const before = databaseBytes(lab, taking)
    const saturated = await atSaturation(lab, taking, beside)
    const stored = growth(lab, taking, before, saturated.events)
    const half = await atHalfLoad(lab, taking, saturated.batchesPerSecond)
    return [
      ...saturated.figures,
      ...stored,
      half,
      ...memoryFigure('server memory', saturated.costs),
    ]
  },
}

async function atSaturation(lab: Lab, taking: Taking, beside: Taking) {
  const behind: number[] = []
  const commits = commitsPerThousand(taking.server, BATCH)
  await using bare = await startBare(lab, taking.server, batchOf(1))
  await lab.warmUp(bare, batchOf(1), CONNECTIONS)
  await lab.warmUp(taking.server, batchOf(1), SINGLES_AT_ONCE)
  const results = await takeTurns(lab.rounds, {
    batches: () => commits.during(() => taking.send('batches of 50', batchOf(BATCH))),
    async beside() {
      const result = await beside.send('batches of 50 beside consumers', batchOf(BATCH))
      behind.push(await beside.server.metric('stage_lag_events{stage="windows"}'))
      return result
    },
    repeated: () => taking.send('batches with 20 % duplicates', batchOf(BATCH, DUPLICATES)),
    singles: () => taking.send('one by one', batchOf(1), SINGLES_AT_ONCE),
    bare: () => lab.load('bare node:http', bare, batchOf(1), { connections: CONNECTIONS }),
  })
  const rate = (of: readonly LoadResult[], size: number) =>
    spread(pick(of, 'perSecond').map((requests) => requests * size))
  const events = (of: readonly LoadResult[], size: number) =>
    of.reduce((sum, { requests }) => sum + requests * size, 0)
  const figures: Figure[] = [
    {
      name: 'durable events in batches of 50',
      unit: '/s',
      ...rate(results.batches, BATCH),
      aim: { better: 'higher', target: 60_000 },
      costs: lab.costs(taking.server, results.batches),
      notes: [perEvent(results.batches, BATCH), latencyNote(results.batches)],
    },
    besideConsumers(lab, beside, results.beside, behind),
    {
      name: 'with 20 % duplicates, against none',
      unit: 'x',
      ...spread(ratios(pick(results.repeated, 'perSecond'), pick(results.batches, 'perSecond'))),
      aim: { better: 'higher', target: 0.9 },
      notes: [perEvent(results.repeated, BATCH), latencyNote(results.repeated)],
    },
    {
      name: 'durable events one by one',
      unit: '/s',
      ...rate(results.singles, 1),
      aim: { better: 'higher', target: 15_000 },
      costs: lab.costs(taking.server, results.singles),
      notes: [`${SINGLES_AT_ONCE} at once`, latencyNote(results.singles)],
    },
    bareFigure(lab, bare, results.bare),
    ...inBareRequests(
      'CPU time of one event alone, in requests of bare node:http',
      results.singles,
      results.bare,
    ),
    {
      name: 'commits, each one sync, per 1,000 events in batches',
      unit: 'per 1,000',
      ...spread(commits.found),
      notes: [],
    },
  ]
  return {
    figures,
    batchesPerSecond: spread(pick(results.batches, 'perSecond')).median,
    events:
      events(results.batches, BATCH) +
      events(results.repeated, BATCH - DUPLICATES) +
      events(results.singles, 1),
    costs: lab.costs(taking.server, [...results.batches, ...results.repeated, ...results.singles]),
  }
}

function besideConsumers(
  lab: Lab,
  { server }: Taking,
  results: readonly LoadResult[],
  behind: readonly number[],
): Figure {
  return {
    name: 'in batches of 50, consumers on the same core',
    unit: '/s',
    ...spread(pick(results, 'perSecond').map((requests) => requests * BATCH)),
    costs: lab.costs(server, results),
    notes: [
      perEvent(results, BATCH),
      `the windows were up to ${Math.max(...behind).toLocaleString('en-US')} events behind`,
      latencyNote(results),
    ],
  }
}

function perEvent(results: readonly LoadResult[], size: number): string {
  const costs = results.flatMap(({ serverCpuUs }) =>
    serverCpuUs === null ? [] : [serverCpuUs / size],
  )
  if (costs.length === 0) return 'CPU time unknown'
  const us = spread(costs).median
  return `${us.toFixed(1)} µs of CPU an event: ${Math.round(1e6 / us).toLocaleString('en-US')}/s per core`
}

const databaseBytes = (lab: Lab, { server }: Taking): number | null =>
  lab.databases.kind === 'sqlite' ? statSync(join(server.dataDir, 'app.db')).size : null

/** Of the warmed-up file, so that what a new one begins with does not count. The last few megabytes are still in the write-ahead log. */
function growth(lab: Lab, taking: Taking, before: number | null, events: number): Figure[] {
  const after = databaseBytes(lab, taking)
  if (before === null || after === null) return []
  const megabytes = ((after - before) / 1_048_576 / events) * 1_000_000
  return [
    {
      name: 'the database grows by, per million events',
      unit: 'MB',
      ...spread([megabytes]),
      notes: [`${Math.round(megabytes * 1.048_576)} bytes an event; its JSON is about 400`],
    },
  ]
}

async function atHalfLoad(lab: Lab, { server }: Taking, full: number): Promise<Figure> {
  const perSecond = Math.max(1, Math.round(full / 2))
  const plan = { connections: CONNECTIONS, perSecond }
  const { results } = await takeTurns(lab.rounds, {
    results: () => lab.load('batches at half load', server, batchOf(BATCH), plan),
  })
  return {
    name: `p95 of a batch at half load (${perSecond.toLocaleString('en-US')} batches/s)`,
    unit: 'ms',
    ...spread(pick(results, 'p95Ms')),
    aim: { better: 'lower', target: 20 },
    costs: lab.costs(server, results),
    notes: [latencyNote(results), ...lateNotes(results)],
  }
}
