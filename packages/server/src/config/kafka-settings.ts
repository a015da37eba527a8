import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Reader } from './reader.ts'

export type KafkaConfig = NonNullable<ReturnType<typeof readKafkaSettings>>

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const
const SASL = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const

/** Null without brokers: then the log stays within the database. */
export function readKafkaSettings(read: Reader, production: boolean) {
  const brokers = read.list('KAFKA_BROKERS')
  for (const broker of brokers) {
    if (!/^[^\s:]+:\d{1,5}$/.test(broker)) {
      read.fault('KAFKA_BROKERS', `"${broker}" is not host:port`)
    }
  }
  const settings = {
    brokers,
    topicPrefix: topicPrefix(read),
    partitions: read.integer('KAFKA_PARTITIONS', 6, 1, 10_000),
    replication: read.integer('KAFKA_REPLICATION', production ? 3 : 1, 1, 100),
    retentionHours: read.integer('KAFKA_RETENTION_HOURS', 168, 1, 87_600),
    heartbeatMs: read.integer('KAFKA_HEARTBEAT_SEC', 5, 1, 3_600) * 1_000,
    /** Whose the events of other producers are. */
    foreignApp: read.text('KAFKA_FOREIGN_APP') ?? 'default',
    tls: readTls(read),
    sasl: readSasl(read),
    /** Where `/v1/events*` goes: through the books, or straight to Kafka. */
    ingestLog: read.choice('INGEST_LOG', 'books', ['books', 'kafka']),
  }
  if (settings.sasl?.mechanism === 'PLAIN' && settings.tls === null && production) {
    read.fault('KAFKA_TLS', 'is needed in production where SASL sends the password as it is')
  }
  if (brokers.length > 0) return settings
  if (settings.ingestLog === 'kafka') {
    read.fault('KAFKA_BROKERS', 'is needed when INGEST_LOG is kafka')
  }
  return null
}

function topicPrefix(read: Reader): string {
  const prefix = read.text('KAFKA_TOPIC_PREFIX') ?? ''
  if (!/^[\w.-]{0,100}$/.test(prefix)) {
    read.fault('KAFKA_TOPIC_PREFIX', 'has more than letters, digits, ".", "_" and "-"')
  }
  return prefix
}

function readTls(read: Reader) {
  const isOn = read.onOff('KAFKA_TLS', false)
  const ca = pemFile(read, 'KAFKA_TLS_CA')
  const cert = pemFile(read, 'KAFKA_TLS_CERT')
  const key = pemFile(read, 'KAFKA_TLS_KEY')
  if ((cert === null) !== (key === null)) {
    read.fault('KAFKA_TLS_CERT', 'and KAFKA_TLS_KEY go together')
  }
  if (isOn) return { ca, cert, key }
  if (ca !== null || cert !== null) read.fault('KAFKA_TLS', 'is off, and files for it are set')
  return null
}

function pemFile(read: Reader, name: string): string | null {
  const file = read.text(name)
  if (file === undefined) return null
  if (!existsSync(file)) read.fault(name, `there is no file ${file}`)
  return resolve(file)
}

function readSasl(read: Reader) {
  const mechanism = read.choice('KAFKA_SASL_MECHANISM', 'off', ['off', ...MECHANISMS])
  const username = read.text('KAFKA_SASL_USERNAME')
  const password = read.text('KAFKA_SASL_PASSWORD')
  if (mechanism === 'off') {
    if (username !== undefined) {
      read.fault('KAFKA_SASL_MECHANISM', 'is off, and KAFKA_SASL_USERNAME is set')
    }
    return null
  }
  for (const [name, value] of Object.entries({ USERNAME: username, PASSWORD: password })) {
    if (value === undefined) read.fault(`KAFKA_SASL_${name}`, `is needed for SASL ${mechanism}`)
  }
  return { mechanism: SASL[mechanism], username: username ?? '', password: password ?? '' }
}
