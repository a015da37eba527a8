import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineSettings, Ports } from './settings.ts'

const TEMPLATES = join(import.meta.dirname, '../../deploy/engines/conf')

/** The files of deploy/engines/conf with `${NAME}` filled in. */
export function writeConfiguration(
  { folder, heapsMb, restartAttempts }: EngineSettings,
  ports: Ports,
): void {
  const values: Readonly<Record<string, string | number>> = {
    FOLDER: folder,
    KAFKA_PORT: ports.kafka,
    KAFKA_CONTROLLER_PORT: ports.kafkaController,
    JOB_MANAGER_PORT: ports.jobManager,
    JOB_MANAGER_RPC_PORT: ports.jobManagerRpc,
    BLOB_PORT: ports.blob,
    TASK_HEAP_MB: Math.max(128, heapsMb.taskManager - 128),
    RESTART_ATTEMPTS: restartAttempts,
  }
  for (const inner of ['conf', 'log', 'checkpoints', 'savepoints', 'flink-tmp']) {
    mkdirSync(join(folder, inner), { recursive: true })
  }
  for (const name of readdirSync(TEMPLATES)) {
    const text = readFileSync(join(TEMPLATES, name), 'utf8')
    const filled = text.replace(/\$\{([A-Z_]+)\}/g, (_, key: string) => {
      const value = values[key]
      if (value === undefined) throw new Error(`${name}: nothing is known of ${key}`)
      return String(value)
    })
    writeFileSync(join(folder, 'conf', name), filled)
  }
}
