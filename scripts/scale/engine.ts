import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Jars } from './jars.ts'
import { isAlive, type Running, waitUntil } from './processes.ts'
import type { EngineSettings, Ports } from './settings.ts'

/** What an engine needs to know of the cluster that it is part of. */
export type Cluster = {
  readonly settings: EngineSettings
  readonly ports: Ports
  readonly java: string
  readonly jars: Jars
  /** Settings of questline's processes and commands, beside or in the place of their own. */
  readonly questline?: Readonly<Record<string, string>>
}

export type Engine = {
  readonly name: string
  launch(cluster: Cluster): Running | Promise<Running>
  /** Whether the one that was launched last answers. */
  isReady(cluster: Cluster): boolean | Promise<boolean>
  /** How it is asked to end. */
  readonly stopSignal: NodeJS.Signals
}

/** Many times what they take: a machine may be busy. */
const READY_MS = 180_000

export const logFile = (folder: string, name: string): string => join(folder, 'log', `${name}.log`)

/**
 * Waits until an engine is ready.
 * @throws with the end of its log when it has died, or is not ready in time
 */
export async function waitUntilReady(
  cluster: Cluster,
  { name, isReady }: Engine,
  running: Running,
): Promise<void> {
  let hasDied = false
  try {
    await waitUntil(READY_MS, async () => {
      if (await isReady(cluster)) return true
      hasDied = !isAlive(running)
      if (hasDied) throw new Error('it has ended')
      return false
    })
  } catch (error) {
    const log = readFileSync(logFile(cluster.settings.folder, name), 'utf8')
      .trim()
      .split('\n')
      .slice(-20)
    const why = hasDied ? 'has ended' : `is not ready after ${READY_MS / 1_000} s`
    throw new Error(`${name} ${why}. The end of its log:\n${log.join('\n')}`, { cause: error })
  }
}

export const says = (folder: string, name: string, line: string): boolean =>
  readFileSync(logFile(folder, name), 'utf8').includes(line)

export async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok
  } catch {
    return false
  }
}
