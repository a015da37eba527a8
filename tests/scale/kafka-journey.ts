// Servers of several roles on one PostgreSQL and one broker, as processes that can be killed.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Kafka,
  type KafkaRecord,
  KafkaUnavailable,
} from '../../packages/server/src/kafka/kafka.ts'
import { freePort } from '../free-port.ts'

const ROOT = join(import.meta.dirname, '../..')

export type Node = {
  readonly role: string
  readonly url: string
  /** kill -9 */
  kill(): Promise<void>
  stop(): Promise<void>
  /** Seconds of CPU that it has used. */
  cpu(): Promise<number>
}

export type Settings = Readonly<Record<string, string>>

/** Starts a server and waits until it answers. */
export async function startNode(role: string, settings: Settings): Promise<Node> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(join(ROOT, 'packages/server/src/cli.ts'), ['start', '--role', role], {
    cwd: settings['DATA_DIR'],
    env: { ...process.env, LOG_LEVEL: 'error', ...settings, PORT: String(port), HOST: '127.0.0.1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  for (let look = 0; ; look += 1) {
    if (child.exitCode !== null) throw new Error(`${role} has ended: ${errors}`)
    const answer = await fetch(`${url}/health`).catch(() => null)
    if (answer?.ok) break
    if (look > 300) throw new Error(`${role} does not answer: ${errors}`)
    await sleep(100)
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
  return {
    ...{ role, url },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    cpu: () => cpuOf(child),
  }
}

async function cpuOf({ pid }: ChildProcess): Promise<number> {
  const { readFile } = await import('node:fs/promises')
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
  // utime and stime, in hundredths of a second.
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** All records of a topic, until `isEnough` says so or nothing has come for a while. */
export async function readTopic(
  kafka: Kafka,
  topic: string,
  isEnough: (records: readonly KafkaRecord[]) => boolean,
  patienceMs: number,
): Promise<readonly KafkaRecord[]> {
  const at = new Map<number, number>()
  const reader = await kafka.reader(topic)
  const records: KafkaRecord[] = []
  const until = performance.now() + patienceMs
  while (performance.now() < until && !isEnough(records)) {
    try {
      if (at.size === 0) {
        for (const [partition, { first }] of (await kafka.ends(topic)).entries()) {
          at.set(partition, first)
        }
      }
      const fetched = await reader.fetch(at, { bytes: 1_048_576, waitMs: 200 })
      records.push(...fetched.records)
      for (const [partition, offset] of fetched.next) at.set(partition, offset)
    } catch (error) {
      // A broker that was killed is back in a while.
      if (!(error instanceof KafkaUnavailable)) throw error
      await sleep(500)
    }
  }
  await reader.close()
  return records
}
