import { join } from 'node:path'
import { answers, type Cluster, type Engine, logFile, says } from './engine.ts'
import { launch, type Running } from './processes.ts'

/** What Flink's own shell scripts pass (env.java.opts.all); a bare `java -cp` must do the same. */
const EXPORTS = [
  ...[
    'java.base/sun.net.util',
    'java.rmi/sun.rmi.registry',
    'java.security.jgss/sun.security.krb5',
  ],
  ...['api', 'file', 'parser', 'tree', 'util'].map(
    (part) => `jdk.compiler/com.sun.tools.javac.${part}`,
  ),
]
const OPENS = [
  ...[
    'java.lang',
    'java.net',
    'java.io',
    'java.nio',
    'sun.nio.ch',
    'java.lang.reflect',
    'java.text',
  ],
  ...['java.time', 'java.util', 'java.util.concurrent', 'java.util.concurrent.atomic'],
  'java.util.concurrent.locks',
].map((part) => `java.base/${part}`)

export const jobManager: Engine = {
  name: 'jobmanager',
  stopSignal: 'SIGTERM',
  launch: (cluster) =>
    launchFlink(cluster, 'jobmanager', [
      ...[`-Xmx${cluster.settings.heapsMb.jobManager}m`, '-XX:+UseSerialGC'],
      'org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint',
      ...['--configDir', join(cluster.settings.folder, 'conf')],
    ]),
  isReady: ({ ports }) => answers(`http://127.0.0.1:${ports.jobManager}/overview`),
}

export const taskManager: Engine = {
  name: 'taskmanager',
  stopSignal: 'SIGTERM',
  launch(cluster) {
    const { folder, heapsMb } = cluster.settings
    return launchFlink(cluster, 'taskmanager', [
      ...[`-Xmx${heapsMb.taskManager}m`, '-XX:+UseSerialGC'],
      `-XX:MaxDirectMemorySize=${heapsMb.taskManagerDirect}m`,
      'org.apache.flink.runtime.taskexecutor.TaskManagerRunner',
      ...['--configDir', join(folder, 'conf')],
    ])
  },
  // Not /overview, which counts a TaskManager that was killed until its heartbeat times out.
  isReady: ({ settings }) =>
    says(settings.folder, 'taskmanager', 'Successful registration at resource manager'),
}

export const gateway: Engine = {
  name: 'gateway',
  stopSignal: 'SIGTERM',
  launch: (cluster) =>
    launchFlink(cluster, 'gateway', [
      ...[`-Xmx${cluster.settings.heapsMb.gateway}m`, '-XX:+UseSerialGC'],
      'org.apache.flink.table.gateway.SqlGateway',
      // It asks nobody who they are: loopback only.
      '-Dsql-gateway.endpoint.rest.address=127.0.0.1',
      `-Dsql-gateway.endpoint.rest.port=${cluster.ports.gateway}`,
      '-Dexecution.target=remote',
    ]),
  isReady: ({ ports }) => answers(`http://127.0.0.1:${ports.gateway}/v1/info`),
}

/** @param words those of the JVM, then the class and its own */
function launchFlink(
  { java, jars, settings: { folder } }: Cluster,
  name: string,
  words: readonly string[],
): Running {
  const conf = join(folder, 'conf')
  return launch({
    command: java,
    words: [
      ...['-Duser.timezone=UTC', '-cp', join(jars.flink, '*')],
      `-Dlog4j.configurationFile=file:${join(conf, 'log4j2-flink.properties')}`,
      ...EXPORTS.map((module) => `--add-exports=${module}=ALL-UNNAMED`),
      ...OPENS.map((module) => `--add-opens=${module}=ALL-UNNAMED`),
      ...words,
    ],
    logFile: logFile(folder, name),
    env: { ...process.env, FLINK_CONF_DIR: conf },
  })
}
