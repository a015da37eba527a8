import { join } from 'node:path'
import { earnOf } from '../earn/earns.ts'
import {
  guestLogin,
  type Lab,
  type LoadResult,
  logInGuests,
  runChild,
  type Server,
  takeTurns,
} from '../harness/harness.ts'
import { type Cluster, EVENT_KEY } from './cluster.ts'
import { bytesOf } from './database-bytes.ts'
import type { BatchLoad } from './load.ts'
import { memoryOf, microseconds, POSTGRES, usedSince, usesOf, type Watched } from './meter.ts'
import { type WriterUse, watchWriter } from './writer-watch.ts'

export const NODES = ['api 1', 'api 2', 'api 3'] as const
/** Of each node: its clients come with it. */
const CONNECTIONS = { requests: 64, batches: 16 }
const PLAYERS = 256

/** What a load on so many nodes has brought; everything per request, its warm-up included. */
export type Turn = {
  readonly nodes: number
  readonly perSecond: number
  readonly p95Ms: number
  readonly us: Readonly<Record<'api' | 'postgres' | 'walwriter', number>>
  readonly walBytes: number
  readonly tableBytes: number
  /** Through the sockets of the nodes: requests, answers, statements and rows. */
  readonly networkBytes: number
  readonly commitsPerSecond: number
  readonly writesPerCommit: number
  readonly writer: WriterUse
  readonly generatorCpu: number
}

export type NodesResult = {
  readonly turns: Readonly<Record<Play, readonly Turn[]>>
  /** Resident, before any load and after all of them, by process. */
  readonly memory: { readonly rest: Memory; readonly load: Memory }
}
type Memory = Readonly<Record<string, number>>
export type Play = 'earn1' | 'earn2' | 'earn3' | 'batch1' | 'batch2' | 'batch3' | 'read' | 'login'

type Load = (node: Server, index: number) => Promise<LoadResult>

/** One, two and three API processes on one PostgreSQL, all of them free to use all cores. */
export async function measureNodes(lab: Lab, cluster: Cluster): Promise<NodesResult> {
  const settings = await cluster.database('nodes')
  const url = settings['DATABASE_URL'] ?? ''
  await using nodes = new AsyncDisposableStack()
  const servers: Server[] = []
  for (const name of NODES) {
    servers.push(nodes.use(await lab.startServer(name, { ...settings, ROLE: 'api' })))
  }
  const watched: Watched = {
    [POSTGRES]: cluster.pid(POSTGRES),
    ...Object.fromEntries(NODES.map((name, index) => [name, servers[index]?.pids[0] ?? 0])),
  }
  const rest = memoryOf(watched)
  const loads = await loadsOn(lab, servers)
  // Compilers first.
  for (const server of servers) {
    for (const load of [loads.earn, loads.batch]) await load(server, 0)
  }
  const play = (load: Load, count: number) => () => takeTurn(url, watched, servers, load, count)
  const turns = await takeTurns(lab.rounds, {
    ...{ earn1: play(loads.earn, 1), batch1: play(loads.batch, 1) },
    ...{ earn2: play(loads.earn, 2), batch2: play(loads.batch, 2) },
    ...{ earn3: play(loads.earn, 3), batch3: play(loads.batch, 3) },
    ...{ read: play(loads.read, 1), login: play(loads.login, 1) },
  })
  return { turns, memory: { rest, load: memoryOf(watched) } }
}

async function loadsOn(lab: Lab, servers: readonly Server[]) {
  const tokens = await logInGuests(servers[0]?.port ?? 0, PLAYERS)
  const connections = CONNECTIONS.requests
  const plan = { connections }
  const earn = earnOf(tokens, '{uuid7}')
  const guest = guestLogin('guest-{player}', PLAYERS)
  return {
    earn: (node: Server) => lab.load('earns', node, earn, plan),
    batch: (node: Server, index: number) =>
      sendBatches(lab, node.port, { connections: CONNECTIONS.batches }, index),
    read: (node: Server) =>
      lab.load('balances', node, { method: 'GET', path: '/balance', tokens }, plan),
    login: (node: Server) => lab.load('guest logins', node, guest, plan),
  }
}

/** @throws on any answer but 2xx */
export async function sendBatches(
  { seconds, warmupSeconds, cores, say }: Lab,
  port: number,
  plan: Pick<BatchLoad['plan'], 'connections'> & Partial<BatchLoad['plan']>,
  session: number,
): Promise<LoadResult> {
  const load: BatchLoad = {
    plan: { port, seconds, warmupSeconds, ...plan },
    ...{ key: EVENT_KEY, session: session * 1_013 },
  }
  const script = join(import.meta.dirname, 'load.ts')
  const result = await runChild<LoadResult>(script, { core: cores.generator }, load)
  if (result.firstFault !== null) throw new Error(`batches: ${result.firstFault}`)
  say(`batches of 50: ${Math.round(result.perSecond)}/s, p95 ${result.p95Ms.toFixed(2)} ms`)
  return result
}

/** All answers, those of the warm-up too. */
export const answersOf = ({ statuses }: LoadResult): number =>
  Object.values(statuses).reduce((sum, count) => sum + count, 0)

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0)

async function takeTurn(
  url: string,
  watched: Watched,
  servers: readonly Server[],
  load: Load,
  count: number,
): Promise<Turn> {
  const own = servers.slice(0, count)
  const commits = async () => {
    const each = await Promise.all(own.map((server) => server.commits()))
    return { commits: sum(each.map((of) => of.commits)), writes: sum(each.map((of) => of.writes)) }
  }
  const before = { uses: usesOf(watched), bytes: await bytesOf(url), commits: await commits() }
  const begun = performance.now()
  const [results, writer] = await watchWriter(url, () => Promise.all(own.map(load)))
  const seconds = (performance.now() - begun) / 1_000
  const [bytes, after] = [await bytesOf(url), await commits()]
  const uses = usedSince(before.uses, usesOf(watched))
  const answers = sum(results.map(answersOf))
  const nodes = NODES.slice(0, count)
  const committed = after.commits - before.commits.commits
  return {
    nodes: count,
    perSecond: sum(results.map(({ perSecond }) => perSecond)),
    p95Ms: Math.max(...results.map(({ p95Ms }) => p95Ms)),
    us: {
      api: sum(nodes.map((name) => microseconds(uses, name, answers))),
      postgres: microseconds(uses, POSTGRES, answers),
      walwriter: microseconds(uses, `${POSTGRES} walwriter`, answers),
    },
    walBytes: (bytes.wal - before.bytes.wal) / answers,
    tableBytes: (bytes.tables - before.bytes.tables) / answers,
    networkBytes: sum(nodes.map((name) => uses.get(name)?.bytes ?? 0)) / answers,
    commitsPerSecond: committed / seconds,
    writesPerCommit: (after.writes - before.commits.writes) / Math.max(1, committed),
    writer,
    generatorCpu: Math.max(...results.map(({ generatorCpu }) => generatorCpu)),
  }
}
