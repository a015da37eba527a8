import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Reader } from './reader.ts'

const DAY_MS = 86_400_000

export type LakeConfig = ReturnType<typeof readLakeSettings>
export type ForwardConfig = ReturnType<typeof readForwardSettings>

export function readLakeSettings(read: Reader, dataDir: string) {
  const keepDays = read.integer('LAKE_KEEP_DAYS', 0, 0, 36_500)
  // Our SDK keeps an event for 30 days, and what it sends then must still be known.
  const logKeepDays = read.integer('LOG_KEEP_DAYS', 35, 31, 36_500)
  if (keepDays > 0 && keepDays <= logKeepDays) {
    read.fault('LAKE_KEEP_DAYS', `is not longer than LOG_KEEP_DAYS, which is ${logKeepDays}`)
  }
  return {
    folder: resolve(read.text('LAKE_DIR') ?? join(dataDir, 'lake')),
    batchMs: read.integer('LAKE_BATCH_SEC', 60, 1, 86_400) * 1_000,
    batchEvents: read.integer('LAKE_BATCH_EVENTS', 200_000, 1_000, 100_000_000),
    memoryLimitMb: read.integer('LAKE_MEMORY_MB', 512, 128, 1_048_576),
    keptMs: keepDays === 0 ? null : keepDays * DAY_MS,
    logKeptMs: logKeepDays * DAY_MS,
  }
}

/** Longer than any answer of the service takes; after it the request may have worked or not. */
const REQUEST_TIMEOUT_MS = 10_000

/** `FORWARD` says where events go; without it what is set for Firehose says so. */
export function readForwardSettings(read: Reader) {
  const firehose = readFirehose(read)
  const snowflake = readSnowflake(read)
  const byDefault = firehose.isMock ? 'mock' : firehose.stream === undefined ? 'off' : 'firehose'
  const wanted = read.choice('FORWARD', byDefault, ['off', 'mock', 'firehose', 'snowflake'])
  switch (wanted) {
    case 'off':
      return { kind: 'off' as const }
    case 'mock':
      return { kind: 'mock' as const, stream: firehose.stream ?? 'game-events' }
    case 'firehose':
      return firehose.needed()
    case 'snowflake':
      return snowflake.needed()
  }
}

function readFirehose(read: Reader) {
  const isMock = read.onOff('MOCK_FIREHOSE', false)
  const stream = read.text('FIREHOSE_STREAM_NAME')
  const region = read.text('AWS_REGION')
  const endpoint = read.text('FIREHOSE_ENDPOINT')
  if (endpoint !== undefined && !URL.canParse(endpoint)) {
    read.fault('FIREHOSE_ENDPOINT', `"${endpoint}" is not a URL`)
  }
  return {
    isMock,
    stream,
    needed() {
      if (stream === undefined) read.fault('FIREHOSE_STREAM_NAME', 'is needed for FORWARD=firehose')
      else if (region === undefined) {
        read.fault('AWS_REGION', 'is needed when FIREHOSE_STREAM_NAME is set')
      }
      return {
        kind: 'firehose' as const,
        stream: stream ?? '',
        region: region ?? '',
        ...(endpoint === undefined ? {} : { endpoint }),
        timeoutMs: REQUEST_TIMEOUT_MS,
      }
    },
  }
}

function readSnowflake(read: Reader) {
  const url = read.text('SNOWFLAKE_ACCOUNT_URL')
  const account = read.text('SNOWFLAKE_ACCOUNT')
  const user = read.text('SNOWFLAKE_USER')
  const keyFile = read.text('SNOWFLAKE_PRIVATE_KEY_FILE')
  const passphrase = read.text('SNOWFLAKE_PRIVATE_KEY_PASSPHRASE') ?? null
  const database = read.text('SNOWFLAKE_DATABASE')
  const schema = read.text('SNOWFLAKE_SCHEMA') ?? 'PUBLIC'
  const pipe = read.text('SNOWFLAKE_PIPE') ?? 'GAME_EVENTS-STREAMING'
  const channel = read.text('SNOWFLAKE_CHANNEL') ?? 'questline'

  /** All that is wrong, at once. */
  const check = (): void => {
    const needed = { ACCOUNT_URL: url, USER: user, PRIVATE_KEY_FILE: keyFile, DATABASE: database }
    for (const [name, value] of Object.entries(needed)) {
      if (value === undefined) read.fault(`SNOWFLAKE_${name}`, 'is needed for FORWARD=snowflake')
    }
    if (url !== undefined && !isAccountUrl(url)) {
      read.fault('SNOWFLAKE_ACCOUNT_URL', `"${url}" is not https://, a host and nothing after it`)
    }
    const keyFault = keyFile === undefined ? null : privateKeyFault(keyFile, passphrase)
    if (keyFault !== null) read.fault('SNOWFLAKE_PRIVATE_KEY_FILE', keyFault)
    if (!/^[\w.-]{1,100}$/.test(channel)) {
      read.fault('SNOWFLAKE_CHANNEL', 'has more than letters, digits, ".", "_" and "-"')
    }
  }
  return {
    needed() {
      check()
      const accountUrl = url ?? ''
      return {
        kind: 'snowflake' as const,
        ...{ accountUrl, user: user ?? '', keyFile: resolve(keyFile ?? ''), passphrase },
        account: account ?? accountOf(accountUrl),
        ...{ database: database ?? '', schema, pipe, channel },
        timeoutMs: REQUEST_TIMEOUT_MS,
      }
    },
  }
}

/** Plain HTTP is for a test on this machine: the token would be anybody's. */
function isAccountUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, pathname, search } = new URL(text)
  const isHere = hostname === '127.0.0.1' || hostname === 'localhost'
  return (protocol === 'https:' || (protocol === 'http:' && isHere)) && pathname + search === '/'
}

/** What the host begins with; region and cloud, which follow it, are not part of the account's name. */
const accountOf = (url: string): string =>
  URL.canParse(url) ? (new URL(url).hostname.split('.')[0] ?? '') : ''

/** Null when it can be signed with. */
function privateKeyFault(file: string, passphrase: string | null): string | null {
  try {
    const key = readPrivateKey(file, passphrase)
    if (key.asymmetricKeyType !== 'rsa') return `${file} is no RSA key`
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
    return bits < 2_048 ? `${file} has ${bits} bits, and 2048 are needed` : null
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    // Nothing of what the file holds, or of the passphrase.
    return isGone
      ? `there is no file ${file}`
      : `${file} is no private key in PEM form, or not of this SNOWFLAKE_PRIVATE_KEY_PASSPHRASE`
  }
}

export const readPrivateKey = (file: string, passphrase: string | null): KeyObject =>
  createPrivateKey({
    key: readFileSync(file),
    ...(passphrase === null ? {} : { passphrase }),
  })
