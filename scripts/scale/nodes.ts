import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cluster, type Engine, logFile } from './engine.ts'
import { postgresUrl } from './postgres.ts'
import { launch } from './processes.ts'
import type { PortName } from './settings.ts'

const CLI = join(import.meta.dirname, '../../packages/server/src/cli.ts')

export type NodeName = 'api-1' | 'api-2' | 'relay' | 'quality' | 'lake'

/** Processes of questline on the engines: two API nodes, the relay, quality and the lake. */
export const NODES: readonly Engine[] = [
  node('api-1', 'api', 'api1'),
  node('api-2', 'api', 'api2'),
  node('relay', 'relay', 'relay'),
  node('quality', 'quality', 'quality'),
  node('lake', 'lake', 'lake'),
]

function node(name: NodeName, role: string, portName: PortName): Engine {
  return {
    name,
    stopSignal: 'SIGTERM',
    launch: (cluster) =>
      launch({
        command: process.execPath,
        words: [CLI, 'start', '--role', role],
        logFile: logFile(cluster.settings.folder, name),
        env: { ...process.env, ...nodeSettings(cluster), PORT: String(cluster.ports[portName]) },
      }),
    async isReady({ ports }) {
      // One that is alive and waits for Kafka answers 503: it is there, and says what it lacks.
      const answer = await fetch(`http://127.0.0.1:${ports[portName]}/health`).catch(() => null)
      return answer !== null
    },
  }
}

/** Of a cluster, what processes of questline need to know. */
export type Surroundings = Pick<Cluster, 'settings' | 'ports' | 'questline'>

/** What all of them are told; the secrets of a development server lie in their one DATA_DIR. */
export function nodeSettings({
  settings,
  ports,
  questline,
}: Surroundings): Readonly<Record<string, string>> {
  const url = postgresUrl(settings.folder, ports.postgres)
  return {
    DATA_DIR: dataDir(settings.folder),
    DATABASE_URL: url,
    ANALYTICS_URL: url,
    KAFKA_BROKERS: `127.0.0.1:${ports.kafka}`,
    FLINK_REST_URL: `http://127.0.0.1:${ports.jobManager}`,
    FLINK_GATEWAY_URL: `http://127.0.0.1:${ports.gateway}`,
    JWT_SECRET: jwtSecret(settings.folder),
    ...questline,
  }
}

const dataDir = (folder: string): string => join(folder, 'questline')

/** A token that one API node has given is good on the other. */
function jwtSecret(folder: string): string {
  const file = join(folder, 'jwt.secret')
  mkdirSync(folder, { recursive: true })
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 })
  return readFileSync(file, 'utf8')
}

export type Ended = { readonly code: number; readonly output: string; readonly errors: string }

/** A program, the words before those of a command of questline, and its environment. */
export const commandOn = (
  cluster: Surroundings,
): readonly [string, readonly string[], NodeJS.ProcessEnv] => [
  process.execPath,
  [CLI],
  { ...process.env, ...nodeSettings(cluster) },
]

/** Runs a command of questline on the cluster, at the latest for five minutes. */
export const questlineOn = (cluster: Surroundings, words: readonly string[]): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const [program, first, env] = commandOn(cluster)
    const options = { env, timeout: 300_000, maxBuffer: 64 * 1_024 * 1_024 }
    execFile(program, [...first, ...words], options, (error, output, errors) => {
      const code = error === null ? 0 : error.code
      if (typeof code === 'number') resolve({ code, output, errors })
      else reject(error)
    })
  })
