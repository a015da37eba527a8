// A broker that takes nobody without TLS and a password: a certificate of its own, users of SCRAM and
// PLAIN. A process of the test, which stops it.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fetchJars } from '../../scripts/scale/jars.ts'
import { requirements } from '../../scripts/scale/requirements.ts'
import { testSettings } from '../../scripts/scale/settings.ts'
import { freePort } from '../free-port.ts'

export const USER = 'questline'
export const PASSWORD = 'a "secret" \\ of the broker'

export type SecuredBroker = {
  /** `host:port` */
  readonly address: string
  /** The PEM file of the certificate. */
  readonly certificate: string
  stop(): Promise<void>
}

export async function startSecuredBroker(folder: string): Promise<SecuredBroker> {
  const { java, maven } = requirements(process.env)
  const jars = fetchJars(maven, testSettings(process.env, folder).cacheFolder, () => undefined)
  const [port, controllerPort] = [await freePort(), await freePort()]
  const certificate = makeCertificate(folder)
  const properties = join(folder, 'server.properties')
  writeFileSync(properties, propertiesOf(folder, port, controllerPort))
  const log4j = join(import.meta.dirname, '../../deploy/engines/conf/log4j2-kafka.properties')
  const path = ['-cp', join(jars.kafka, '*')]
  // Users of SCRAM are written before the broker starts; one needs one to reach it.
  const scram = `SCRAM-SHA-512=[name=${USER},password=${PASSWORD}]`
  const format = ['kafka.tools.StorageTool', 'format', '-t', 'c2VjdXJlZC1icm9rZXItMQ', '-c']
  execFileSync(java, [...path, ...format, properties, '--add-scram', scram], { stdio: 'pipe' })
  const broker = spawn(
    java,
    [...['-Xmx256m', '-XX:+UseSerialGC', `-Dlog4j2.configurationFile=${log4j}`], ...path].concat(
      'kafka.Kafka',
      properties,
    ),
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let said = ''
  const hear = (chunk: Buffer): void => {
    said += chunk.toString()
  }
  broker.stdout.on('data', hear)
  broker.stderr.on('data', hear)
  for (let look = 0; !said.includes('Kafka Server started'); look += 1) {
    if (broker.exitCode !== null || look > 600) throw new Error(`no broker: ${said.slice(-3_000)}`)
    await sleep(200)
  }
  return {
    // A name, since a certificate for a number is not asked for by name.
    address: `localhost:${port}`,
    certificate,
    async stop() {
      if (broker.exitCode !== null || broker.signalCode !== null) return
      broker.kill('SIGTERM')
      await once(broker, 'exit')
    },
  }
}

/** Signed by itself, so it is its own authority. */
function makeCertificate(folder: string): string {
  mkdirSync(folder, { recursive: true })
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate],
    ],
    { stdio: 'pipe' },
  )
  writeFileSync(join(folder, 'both.pem'), `${readFileSync(key)}${readFileSync(certificate)}`)
  return certificate
}

const SECURITY = 'org.apache.kafka.common.security'
const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`
/** A backslash begins an escape in a file of properties too. */
const value = (text: string): string => text.replaceAll('\\', '\\\\')

function propertiesOf(folder: string, port: number, controllerPort: number): string {
  const login = `username=${quoted(USER)} password=${quoted(PASSWORD)}`
  const of = 'listener.name.sasl_ssl'
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=SASL_SSL://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=SASL_SSL://localhost:${port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=SASL_SSL
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
${of}.scram-sha-512.sasl.jaas.config=${value(`${SECURITY}.scram.ScramLoginModule required ${login};`)}
${of}.plain.sasl.jaas.config=${value(`${SECURITY}.plain.PlainLoginModule required ${login} user_${USER}=${quoted(PASSWORD)};`)}
ssl.keystore.type=PEM
ssl.keystore.location=${join(folder, 'both.pem')}
ssl.truststore.type=PEM
ssl.truststore.location=${join(folder, 'certificate.pem')}
log.dirs=${join(folder, 'kafka-data')}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.retention.ms=-1
log.segment.bytes=67108864
log.index.size.max.bytes=1048576
`
}
