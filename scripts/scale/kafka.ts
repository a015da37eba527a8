import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Engine, logFile, says } from './engine.ts'
import { launch } from './processes.ts'

/** One broker that is its own controller. Its topics stay until the folder is removed. */
export const kafka: Engine = {
  name: 'kafka',
  stopSignal: 'SIGTERM',
  launch({ java, jars, settings }) {
    const { folder, heapsMb } = settings
    const properties = join(folder, 'conf', 'server.properties')
    const classPath = join(jars.kafka, '*')
    if (!existsSync(join(folder, 'kafka-data', 'meta.properties'))) {
      const tool = ['-cp', classPath, 'kafka.tools.StorageTool']
      const id = execFileSync(java, [...tool, 'random-uuid'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
        .trim()
        .split('\n')
        .at(-1)
      execFileSync(java, [...tool, 'format', '-t', id ?? '', '-c', properties], { stdio: 'pipe' })
    }
    return launch({
      command: java,
      words: [
        ...[`-Xmx${heapsMb.kafka}m`, '-XX:+UseSerialGC'],
        `-Dlog4j2.configurationFile=${join(folder, 'conf', 'log4j2-kafka.properties')}`,
        ...['-cp', classPath, 'kafka.Kafka', properties],
      ],
      logFile: logFile(folder, 'kafka'),
    })
  },
  isReady: ({ settings }) => says(settings.folder, 'kafka', 'Kafka Server started'),
}
