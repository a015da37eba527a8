// Kafka, PostgreSQL and Flink as processes of this machine, on loopback, without Docker. It promises
// that each answers when it is said to be started, that only what it started is stopped, and that a
// second start in the same folder goes on with the data and ports of the first.
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { writeConfiguration } from './configuration.ts'
import { type Cluster, type Engine, waitUntilReady } from './engine.ts'
import { gateway, jobManager, taskManager } from './flink.ts'
import { fetchJars } from './jars.ts'
import { kafka } from './kafka.ts'
import { startMinutes, stopMinutes } from './minutes-job.ts'
import { commandOn, type Ended, NODES, type NodeName, questlineOn } from './nodes.ts'
import { dataFolder, postgres, postgresUrl } from './postgres.ts'
import { end, residentMb } from './processes.ts'
import { requirements } from './requirements.ts'
import { type EngineSettings, PORT_NAMES, type Ports } from './settings.ts'
import { readState, removeState, runningOf, writeState } from './state.ts'

export { MissingRequirement, whyNot } from './requirements.ts'
export { type EngineSettings, scaleSettings, testSettings } from './settings.ts'

/** In the order of starting; they are stopped in reverse. */
const ENGINES = [postgres, kafka, jobManager, taskManager, gateway] as const satisfies Engine[]
export type EngineName = 'postgres' | 'kafka' | 'jobmanager' | 'taskmanager' | 'gateway'

export type Addresses = {
  /** As the settings of the same names take them. */
  readonly DATABASE_URL: string
  readonly KAFKA_BROKERS: string
  readonly FLINK_REST_URL: string
  readonly FLINK_GATEWAY_URL: string
}

export type Engines = {
  readonly addresses: Addresses
  /** A program, the words before those of a command of questline, and its environment. */
  readonly command: readonly [string, readonly string[], NodeJS.ProcessEnv]
  /** Of the two API nodes. */
  readonly urls: readonly [string, string]
  /** Waits until it answers; one that runs stays. */
  start(name: EngineName | NodeName): Promise<void>
  /** By SIGKILL. */
  kill(name: EngineName | NodeName): Promise<void>
  /** Topics, two API nodes, relay, quality, lake, and the job of minutes, each brought up from where it was left. */
  startNodes(): Promise<void>
  /** Stops the API nodes, the relay, quality and the lake. */
  stopNodes(): Promise<void>
  /** Runs a command of questline with the settings of the nodes. */
  questline(words: readonly string[]): Promise<Ended>
  /** What each process takes in memory, in megabytes; null where the system does not say. */
  resident(): readonly { readonly name: string; readonly mb: number | null }[]
  /** Stops whatever runs, in reverse order. */
  stop(): Promise<void>
}

type Say = (line: string) => void

/**
 * Starts what does not run yet in this folder.
 * @throws MissingRequirement without a JDK or Maven; otherwise when one does not come up, with the end of its log
 */
export async function startEngines(
  settings: EngineSettings,
  {
    only = [],
    say = () => undefined,
    questline = {},
  }: {
    readonly only?: readonly EngineName[]
    readonly say?: Say
    /** Settings of the nodes and commands, beside or in the place of their own. */
    readonly questline?: Readonly<Record<string, string>>
  } = {},
): Promise<Engines> {
  const { folder } = settings
  const { java, maven } = requirements(process.env)
  const jars = fetchJars(maven, settings.cacheFolder, say)
  const ports = await takePorts(settings.ports, readState(folder)?.ports ?? {})
  writeConfiguration(settings, ports)
  const cluster: Cluster = { settings, ports, java, jars, questline }
  const wanted = ENGINES.filter(({ name }) => only.length === 0 || isOneOf(name, only))
  for (const engine of wanted) await startOne(cluster, engine, say)
  return {
    addresses: addressesOf(folder, ports),
    command: commandOn(cluster),
    urls: [`http://127.0.0.1:${ports.api1}`, `http://127.0.0.1:${ports.api2}`],
    start: (name) => startOne(cluster, engineOf(name), say),
    async kill(name) {
      const running = runningOf(readState(folder), name)
      if (running === null) throw new Error(`${name} does not run`)
      await end(name, running, 'SIGKILL')
    },
    startNodes: () => startNodes(cluster, say),
    stopNodes: () => stopThose(folder, NODES, { say }),
    questline: (words) => questlineOn(cluster, words),
    resident: () => residentOf(folder),
    stop: () => stopEngines(folder, { say }),
  }
}

async function startNodes(cluster: Cluster, say: Say): Promise<void> {
  const { code, errors } = await questlineOn(cluster, ['kafka', 'setup'])
  if (code !== 0) throw new Error(`questline kafka setup failed:\n${errors}`)
  // One after the other: the first brings the schema up to date.
  for (const node of NODES) await startOne(cluster, node, say)
  await startMinutes(cluster, say)
}

/** The same, in the order of starting. */
const EVERYTHING: readonly Engine[] = [...ENGINES, ...NODES]

const isOneOf = (name: string, names: readonly string[]): boolean => names.includes(name)

function engineOf(name: EngineName | NodeName): Engine {
  const found = EVERYTHING.find((engine) => engine.name === name)
  if (found === undefined) throw new Error(`there is no engine ${name}`)
  return found
}

async function startOne(cluster: Cluster, engine: Engine, say: Say): Promise<void> {
  const { folder } = cluster.settings
  const { name } = engine
  const found = runningOf(readState(folder), name)
  const since = performance.now()
  const running = found ?? (await engine.launch(cluster))
  if (found === null) {
    // Before it answers: whoever gives up waiting finds it, and stops it.
    const others = readState(folder)?.processes.filter((each) => each.name !== name) ?? []
    writeState(folder, { ports: cluster.ports, processes: [...others, { name, ...running }] })
  }
  await waitUntilReady(cluster, engine, running)
  if (found !== null) return say(`${name} runs already`)
  say(`${name} is ready after ${((performance.now() - since) / 1_000).toFixed(1)} s`)
}

/** Stops what was started in a folder and still is the same process, in reverse order. */
export async function stopEngines(folder: string, how: Stopping = {}): Promise<void> {
  const { say = () => undefined } = how
  if (readState(folder) === null) return say(`nothing was started in ${folder}`)
  await stopThose(folder, EVERYTHING, how)
  removeState(folder)
}

export type Stopping = {
  readonly say?: Say
  /** Whoever has not ended by then is killed. */
  readonly patienceMs?: number
}

async function stopThose(
  folder: string,
  engines: readonly Engine[],
  { say = () => undefined, patienceMs = 60_000 }: Stopping,
): Promise<void> {
  for (const { name, stopSignal } of engines.toReversed()) {
    const found = readState(folder)?.processes.find((each) => each.name === name)
    if (found === undefined) continue
    try {
      await end(name, found, stopSignal, patienceMs)
    } catch (error) {
      // The others must not stay because of it.
      say(`${error instanceof Error ? error.message : error}: it is killed`)
      await end(name, found, 'SIGKILL')
    }
    say(`${name} is stopped`)
  }
}

/** Stops the job of minutes with a savepoint, if nodes and Flink run. */
export async function keepMinutes(settings: EngineSettings, say: Say): Promise<void> {
  const state = readState(settings.folder)
  const needed = ['jobmanager', 'taskmanager', 'gateway', 'quality']
  if (state === null || needed.some((name) => runningOf(state, name) === null)) return
  try {
    await stopMinutes({ settings, ports: state.ports }, say)
  } catch (error) {
    say(`the job of minutes is stopped without a savepoint: ${error}`)
  }
}

/** Removes the data of engines that were stopped. */
export function removeData(folder: string): void {
  if (readState(folder) !== null) throw new Error(`what was started in ${folder} was not stopped`)
  for (const each of [dataFolder(folder), folder]) rmSync(each, { recursive: true, force: true })
}

export function residentOf(folder: string) {
  const state = readState(folder)
  return EVERYTHING.flatMap(({ name }) => {
    const running = runningOf(state, name)
    return running === null ? [] : [{ name, mb: residentMb(running) }]
  })
}

export const addressesOf = (folder: string, ports: Ports): Addresses => ({
  DATABASE_URL: postgresUrl(folder, ports.postgres),
  KAFKA_BROKERS: `127.0.0.1:${ports.kafka}`,
  FLINK_REST_URL: `http://127.0.0.1:${ports.jobManager}`,
  FLINK_GATEWAY_URL: `http://127.0.0.1:${ports.gateway}`,
})

/**
 * The ports that are known, and the others as they are asked for: free ones in the place of 0. All are
 * taken before the first is given back, so none comes twice.
 */
async function takePorts(asked: Ports, known: Partial<Ports>): Promise<Ports> {
  const servers = PORT_NAMES.filter((name) => known[name] === undefined).map(
    (name) => [name, createServer().listen(asked[name], '127.0.0.1')] as const,
  )
  const taken: Partial<Record<keyof Ports, number>> = {}
  try {
    for (const [name, server] of servers) {
      try {
        if (!server.listening) await once(server, 'listening')
      } catch (cause) {
        throw new Error(`port ${asked[name]} (${name}) is taken: set another one`, { cause })
      }
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('a port has a number')
      taken[name] = address.port
    }
  } finally {
    for (const [, server] of servers) server.close()
  }
  return { ...asked, ...known, ...taken }
}
