import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type EngineName,
  type Engines,
  MissingRequirement,
  removeData,
  startEngines,
  testSettings,
  whyNot,
} from '../../scripts/scale/engines.ts'
import { dataFolder } from '../../scripts/scale/postgres.ts'
import { readState, runningOf } from '../../scripts/scale/state.ts'
import { within } from './database-bytes.ts'

export const EVENT_KEY = 'an-ingest-key-of-the-benchmark-and-of-nothing-else'
/** The limits are per player, and few play all of them. */
const SETTINGS = {
  RATE_LIMIT: 'off',
  LOG_LEVEL: 'error',
  EVENT_API_KEY: EVENT_KEY,
  EVENT_API_APP: 'game',
  // One that tests can wait for; what the default adds is known.
  FLINK_GRACE_SEC: '5',
  KAFKA_HEARTBEAT_SEC: '1',
}

export type Cluster = AsyncDisposable & {
  readonly engines: Engines
  readonly folder: string
  /** Of every process of questline here. */
  readonly settings: Readonly<Record<string, string>>
  pid(name: string): number
  /** Settings of a process on an empty database of that name. */
  database(name: string): Promise<Readonly<Record<string, string>>>
}

/**
 * PostgreSQL, and later whatever else is started, in a folder of its own.
 * @throws MissingRequirement without a JDK or Maven
 */
export async function startCluster(
  only: readonly EngineName[],
  say: (line: string) => void,
): Promise<Cluster> {
  const missing = whyNot(process.env)
  if (missing !== null) throw new MissingRequirement(missing)
  // Not below the folder of all benchmarks, which Ctrl-C removes before the engines are stopped.
  const folder = mkdtempSync(join(tmpdir(), 'questline-scale-bench-'))
  const killAll = (): void => killWhatRuns(folder)
  process.on('exit', killAll)
  const settings = { ...SETTINGS, JWT_SECRET: randomBytes(32).toString('hex') }
  const engines = await startEngines(testSettings(process.env, folder), {
    ...{ only, say },
    questline: settings,
  })
  return {
    ...{ engines, folder, settings },
    pid(name) {
      const running = runningOf(readState(folder), name)
      if (running === null) throw new Error(`${name} does not run`)
      return running.pid
    },
    async database(name) {
      const url = new URL(engines.addresses.DATABASE_URL)
      await within(url.href, (client) => client.query(`CREATE DATABASE ${name}`))
      url.pathname = `/${name}`
      return { ...settings, DATABASE_URL: url.href, ANALYTICS_URL: url.href }
    },
    async [Symbol.asyncDispose]() {
      await engines.stop()
      removeData(folder)
      process.off('exit', killAll)
    },
  }
}

/** The last resort of Ctrl-C and of a bug: engines outlive whoever has started them. */
function killWhatRuns(folder: string): void {
  const state = readState(folder)
  for (const { name } of state?.processes ?? []) {
    const running = runningOf(state, name)
    if (running !== null) process.kill(running.pid, 'SIGKILL')
  }
  for (const each of [dataFolder(folder), folder]) {
    rmSync(each, { recursive: true, force: true, maxRetries: 5 })
  }
}
