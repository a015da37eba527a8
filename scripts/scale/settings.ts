import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

export const PORT_NAMES = [
  ...(['postgres', 'kafka', 'kafkaController', 'jobManager', 'jobManagerRpc', 'blob'] as const),
  ...(['gateway', 'api1', 'api2', 'relay', 'quality', 'lake'] as const),
]
export type PortName = (typeof PORT_NAMES)[number]
/** 0 takes a free one. */
export type Ports = Readonly<Record<PortName, number>>

/** Megabytes: small ones, which have passed every fault of the tests. */
export type HeapsMb = {
  readonly kafka: number
  readonly jobManager: number
  readonly taskManager: number
  /** Beside the heap: network buffers and Kafka's clients. */
  readonly taskManagerDirect: number
  readonly gateway: number
}

export type EngineSettings = {
  /** Where data, logs and the state of what was started lie. */
  readonly folder: string
  /** Where the jars lie, which all clusters of this user share. */
  readonly cacheFolder: string
  readonly ports: Ports
  readonly heapsMb: HeapsMb
  /** How often Flink starts a job again that fails. */
  readonly restartAttempts: number
}

const PORTS: Ports = {
  postgres: 15_432,
  kafka: 19_092,
  kafkaController: 19_093,
  jobManager: 18_081,
  jobManagerRpc: 16_123,
  blob: 16_124,
  gateway: 18_083,
  ...{ api1: 18_000, api2: 18_001, relay: 18_010, quality: 18_011, lake: 18_012 },
}
const FREE_PORTS: Ports = {
  ...{ postgres: 0, kafka: 0, kafkaController: 0, jobManager: 0, jobManagerRpc: 0, blob: 0 },
  ...{ gateway: 0, api1: 0, api2: 0, relay: 0, quality: 0, lake: 0 },
}
const HEAPS_MB: HeapsMb = {
  ...{ kafka: 256, jobManager: 256, taskManager: 512, taskManagerDirect: 256, gateway: 320 },
}

type Environment = Readonly<Record<string, string | undefined>>

/** As `npm run scale:up` takes them: one cluster of this checkout, on ports that stay the same. */
export function scaleSettings(env: Environment): EngineSettings {
  return {
    folder: resolve(env['SCALE_DIR'] || join(import.meta.dirname, '../../data/scale')),
    cacheFolder: cacheFolder(env),
    ports: {
      postgres: port(env, 'SCALE_POSTGRES_PORT', PORTS.postgres),
      kafka: port(env, 'SCALE_KAFKA_PORT', PORTS.kafka),
      kafkaController: port(env, 'SCALE_KAFKA_CONTROLLER_PORT', PORTS.kafkaController),
      jobManager: port(env, 'SCALE_FLINK_PORT', PORTS.jobManager),
      jobManagerRpc: port(env, 'SCALE_FLINK_RPC_PORT', PORTS.jobManagerRpc),
      blob: port(env, 'SCALE_FLINK_BLOB_PORT', PORTS.blob),
      gateway: port(env, 'SCALE_GATEWAY_PORT', PORTS.gateway),
      api1: port(env, 'SCALE_API_1_PORT', PORTS.api1),
      api2: port(env, 'SCALE_API_2_PORT', PORTS.api2),
      relay: port(env, 'SCALE_RELAY_PORT', PORTS.relay),
      quality: port(env, 'SCALE_QUALITY_PORT', PORTS.quality),
      lake: port(env, 'SCALE_LAKE_PORT', PORTS.lake),
    },
    heapsMb: {
      kafka: number(env, 'SCALE_KAFKA_MB', HEAPS_MB.kafka),
      jobManager: number(env, 'SCALE_JOBMANAGER_MB', HEAPS_MB.jobManager),
      taskManager: number(env, 'SCALE_TASKMANAGER_MB', HEAPS_MB.taskManager),
      taskManagerDirect: number(env, 'SCALE_TASKMANAGER_DIRECT_MB', HEAPS_MB.taskManagerDirect),
      gateway: number(env, 'SCALE_GATEWAY_MB', HEAPS_MB.gateway),
    },
    restartAttempts: 1_000_000,
  }
}

/** A cluster of its own in `folder`, on free ports: many of them do not meet. */
export const testSettings = (env: Environment, folder: string): EngineSettings => ({
  ...{ folder, cacheFolder: cacheFolder(env), ports: FREE_PORTS, heapsMb: HEAPS_MB },
  // A kill costs an attempt or two; a job that cannot run shall say so soon.
  restartAttempts: 60,
})

function cacheFolder(env: Environment): string {
  const set = env['QUESTLINE_CACHE']
  if (set) return resolve(set)
  const home = homedir()
  if (process.platform === 'darwin') return join(home, 'Library/Caches/questline')
  if (process.platform === 'win32') {
    return join(env['LOCALAPPDATA'] || join(home, 'AppData/Local'), 'questline')
  }
  return join(env['XDG_CACHE_HOME'] || join(home, '.cache'), 'questline')
}

const port = (env: Environment, name: string, byDefault: number): number =>
  number(env, name, byDefault, 65_535)

function number(env: Environment, name: string, byDefault: number, max = 1_000_000): number {
  const text = env[name]?.trim()
  if (!text) return byDefault
  const value = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN
  if (value <= max) return value
  throw new Error(`${name}: "${text}" is not a whole number up to ${max}`)
}
