import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { START_COMMAND } from '../../tests/start-command.ts'
import type { Databases } from './databases.ts'
import { type Costs, pick, spread } from './figures.ts'
import type { LoadPlan, LoadResult } from './generator.ts'
import type { LoadJob } from './load.ts'
import { peakMemoryMb } from './process-usage.ts'
import { type Child, type Cores, runChild, startChild } from './processes.ts'
import type { RequestTemplate } from './request-template.ts'
import type { ServerReady } from './server.ts'

export type LabSettings = {
  readonly cores: Cores
  readonly databases: Databases
  /** For the data of the servers; whoever made it removes it. */
  readonly folder: string
  readonly rounds: number
  readonly warmupSeconds: number
  readonly seconds: number
  readonly say: (text: string) => void
}

/** What a load is played against. The first process is the server, the others are its database's. */
export type Subject = { readonly port: number; readonly pids: readonly number[] }

export type Server = Subject &
  AsyncDisposable & {
    readonly dataDir: string
    /** Commits so far, and the writes in them. */
    commits(): Promise<{ readonly commits: number; readonly writes: number }>
    /** What stands in /metrics, without the prefix of all names. */
    metric(name: string): Promise<number>
  }

export type Lab = ReturnType<typeof createLab>

/** Where `questline start` keeps what Node compiles: the memory of a server depends on it. */
const COMPILED = {
  NODE_COMPILE_CACHE: join(import.meta.dirname, '../../node_modules/.cache/questline'),
}

/** Its secrets, and where its database, brokers and files are: nothing that another run would set alike. */
const OF_ONE_RUN = /(?:_SECRET|_KEY|_URL|_DIR)$|^KAFKA_(?:BROKERS|TOPIC_PREFIX)$/
const BASE_SETTINGS = { RATE_LIMIT: 'off', LOG_LEVEL: 'error' }
const FIRST_WARMUP_SECONDS = 2

/** Starts servers and plays loads against them. */
export function createLab(lab: LabSettings) {
  const { cores, databases, say } = lab
  const servers = new Set<string>()
  const remarks: string[] = []

  /** @throws on any answer but 2xx: a figure with errors in it is none */
  const load = async (
    name: string,
    { port, pids }: Subject,
    template: RequestTemplate,
    plan: Partial<LoadPlan> & Pick<LoadPlan, 'connections'>,
  ): Promise<LoadResult> => {
    const { warmupSeconds, seconds } = lab
    const job: LoadJob = {
      plan: { port, warmupSeconds, seconds, ...plan },
      template,
      serverPids: pids,
    }
    const options = { core: cores.generator }
    const result = await runChild<LoadResult>(script('load.ts'), options, job)
    if (result.firstFault !== null) {
      const statuses = JSON.stringify(result.statuses)
      throw new Error(`${name}: not all answers are 2xx, ${statuses}\n${result.firstFault}`)
    }
    say(`${name}: ${Math.round(result.perSecond)}/s, p95 ${result.p95Ms.toFixed(2)} ms`)
    return result
  }

  return {
    ...lab,
    /** What the report has to say beside its figures. */
    remarks: remarks as readonly string[],
    remark: (text: string) => void remarks.push(text),
    describeServers: (): readonly string[] => [...servers],
    load,

    /** Lets the compiler see the code before anything is timed. */
    warmUp(subject: Subject, template: RequestTemplate, connections: number) {
      const plan = { connections, warmupSeconds: 0, seconds: FIRST_WARMUP_SECONDS }
      return load('warming up', subject, template, plan)
    },

    /**
     * A server with an empty database of its own.
     * @param under a command that runs it, such as strace with its flags
     */
    async startServer(
      name: string,
      settings: Readonly<Record<string, string>> = {},
      under: readonly string[] = [],
    ): Promise<Server> {
      const set = { ...BASE_SETTINGS, ...settings }
      const dataDir = mkdtempSync(join(lab.folder, 'data-'))
      const start = (database: Readonly<Record<string, string>>) =>
        startChild<ServerReady>(script('server.ts'), {
          core: cores.server,
          settings: { ...set, ...database, PORT: '0', DATA_DIR: dataDir, ...COMPILED },
          under,
          // Those of `questline start`: the memory of a server depends on them too.
          flags: START_COMMAND.filter((word) => word.startsWith('--')),
        })
      const database = await databases.fresh()
      // The first start after a change of code compiles, and leaves it to the others at its end.
      if (servers.size === 0) await (await start(database))[Symbol.asyncDispose]()
      const child = await start(database)
      const shown = Object.entries(set)
        .filter(([key]) => !OF_ONE_RUN.test(key))
        .map(([key, value]) => `${key}=${value}`)
      const said = [...shown, ...under].join(' ').replaceAll(lab.folder, '…')
      servers.add(`server "${name}": ${said}, settings ${child.ready.configHash}`)
      return serverOf(child, databases, dataDir)
    },

    /** What these loads cost, and the memory that the server has needed so far. */
    costs({ pids }: Subject, results: readonly LoadResult[]): Costs {
      const cpu = results.flatMap(({ serverCpuUs }) => serverCpuUs ?? [])
      return {
        serverMemoryMb: peakMemoryMb(pids[0] ?? 0),
        databaseMemoryMb: pids.length > 1 ? databases.memoryMb() : null,
        serverCpuUs: cpu.length > 0 ? spread(cpu).median : null,
        generatorCpu: Math.max(...pick(results, 'generatorCpu')),
      }
    },
  }
}

function serverOf(child: Child<ServerReady>, databases: Databases, dataDir: string): Server {
  const { port, pid } = child.ready
  const text = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const metric = async (name: string) => valueIn(await text(), name)
  return {
    port,
    pids: [pid, ...databases.pids],
    dataDir,
    metric,
    async commits() {
      const found = await text()
      return {
        commits: valueIn(found, 'commit_writes_count'),
        writes: valueIn(found, 'commit_writes_sum'),
      }
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  }
}

function valueIn(metrics: string, name: string): number {
  const found = new RegExp(`^questline_${name} (\\S+)$`, 'm').exec(metrics)?.[1]
  if (found === undefined) throw new Error(`/metrics has no questline_${name}`)
  return Number(found)
}

const script = (name: string): string => join(import.meta.dirname, name)
