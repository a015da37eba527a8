import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { type RequestLimits, Rewound, type Sink, SinkFailure, type SinkRecord } from './sink.ts'
import {
  createSnowflakeRest,
  isFields,
  Refused,
  type SnowflakeRest,
  type SnowflakeRestParts,
  type SnowflakeRestSettings,
} from './snowflake-rest.ts'

export type SnowflakeSettings = SnowflakeRestSettings & {
  readonly database: string
  readonly schema: string
  /** Every table has one that is called like it, with `-STREAMING` after. */
  readonly pipe: string
  /** Names the channels, one for each lane; who sends the same elsewhere needs another one. */
  readonly channel: string
  /** How often it is asked whether rows are committed, and how long. */
  readonly commit?: { readonly lookMs: number; readonly mostMs: number }
}

/** The smallest of the limits that its documents tell of, as they were sent. */
const LIMITS: RequestLimits = { records: 10_000, bytes: 4_000_000, sizeOf: (bytes) => bytes }
/** The fastest level: rows are much alike. */
const GZIP = { level: 1 }
/** The service commits within seconds. */
const COMMIT = { lookMs: 250, mostMs: 60_000 }

type Channel = {
  readonly name: string
  /** What the next request must bring, in their order. */
  continuation: string
  /** Position of the last row that is in the table; -1 for none. */
  committed: number
  /** Of the last that the service has taken; it may still lose those that are not committed. */
  appended: number
  /** Rows of this channel that found no place in the table. */
  errors: number
}
type Status = { readonly committed: number; readonly errors: number; readonly message: string }

/**
 * Snowpipe Streaming, high-performance architecture. Each lane has a channel, and the token that the
 * service commits with the rows is the position of the last of them. Opening a channel tells the token
 * and locks out whoever had it open: so what is sent after it is what is not there yet, whatever was
 * lost, killed or done twice before.
 */
export function createSnowflake(parts: SnowflakeRestParts, settings: SnowflakeSettings): Sink {
  const { commit = COMMIT } = settings
  const rest = createSnowflakeRest(parts, settings)
  const channels = createChannels(rest, settings)

  return {
    limits: LIMITS,
    async position(lane, signal) {
      const { committed } = await channels.open(lane, signal)
      return committed < 0 ? null : committed
    },

    async put(lane, records, signal) {
      const channel = await channels.open(lane, signal)
      const fresh = records.filter(({ position }) => position > channel.appended)
      if (fresh.length === 0) return []
      try {
        await channels.append(channel, fresh, signal)
      } catch (error) {
        if (!(error instanceof SinkFailure) || error instanceof Refused || !error.isPassing)
          throw error
        // It may have been taken. Only the channel knows, when it is opened again.
        channels.drop(lane)
        const { message, afterMs } = error
        throw error instanceof Rewound ? error : new Rewound(message, { cause: error, afterMs })
      }
      return []
    },

    async settle(lane, signal) {
      const channel = await channels.open(lane, signal)
      for (let waitedMs = 0; channel.committed < channel.appended; waitedMs += commit.lookMs) {
        const status = await channels.look(channel, signal).catch((error: unknown) => {
          if (error instanceof Rewound) channels.drop(lane)
          throw error
        })
        channel.committed = status.committed
        if (status.errors > channel.errors) {
          const count = status.errors - channel.errors
          channel.errors = status.errors
          throw new SinkFailure(
            `${count} rows of ${channel.name} found no place in the table: ${status.message}`,
            false,
          )
        }
        if (channel.committed >= channel.appended) return
        if (waitedMs >= commit.mostMs) {
          channels.drop(lane)
          throw new Rewound(`${channel.name}: ${channel.appended} was taken and is not committed`)
        }
        await sleep(commit.lookMs, undefined, { signal }).catch(() => undefined)
        if (signal.aborted) return
      }
    },

    // A channel stays: it is what knows how far we are.
    close: () => undefined,
  }
}

function createChannels(rest: SnowflakeRest, settings: SnowflakeSettings) {
  const channels = new Map<string, Channel>()
  const name = encodeURIComponent
  const pipe = `databases/${name(settings.database)}/schemas/${name(settings.schema)}/pipes/${name(settings.pipe)}`
  const json = { 'content-type': 'application/json' }

  return {
    drop: (lane: string): void => void channels.delete(lane),

    async open(lane: string, signal: AbortSignal): Promise<Channel> {
      const known = channels.get(lane)
      if (known) return known
      const channel = `${settings.channel}-${lane.replace(/[^\w.-]+/g, '-')}`
      const path = `/v2/streaming/${pipe}/channels/${name(channel)}`
      const answer = await rest.call({ method: 'PUT', path, headers: json, body: '{}' }, signal)
      const { committed, errors } = statusOf(channel, fieldsOf(answer, 'channel_status'))
      const continuation = continuationOf(answer)
      const opened = { name: channel, continuation, committed, appended: committed, errors }
      channels.set(lane, opened)
      return opened
    },

    async append(channel: Channel, records: readonly SinkRecord[], signal: AbortSignal) {
      const last = records.at(-1)?.position ?? channel.appended
      const answer = await rest.call(
        {
          method: 'POST',
          path: `/v2/streaming/data/${pipe}/channels/${name(channel.name)}/rows`,
          query: { continuationToken: channel.continuation, offsetToken: String(last) },
          headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
          body: gzipSync(Buffer.concat(records.map(({ bytes }) => bytes)), GZIP),
        },
        signal,
      )
      channel.continuation = continuationOf(answer)
      channel.appended = last
    },

    async look(channel: Channel, signal: AbortSignal): Promise<Status> {
      const path = `/v2/streaming/${pipe}:bulk-channel-status`
      const body = JSON.stringify({ channel_names: [channel.name] })
      const answer = await rest.call({ method: 'POST', path, headers: json, body }, signal)
      const statuses = fieldsOf(answer, 'channel_statuses')
      // Names may come back in capitals.
      const [, status] =
        Object.entries(statuses).find(
          ([each]) => each.toLowerCase() === channel.name.toLowerCase(),
        ) ?? []
      if (!isFields(status)) throw new Rewound(`there is no channel ${channel.name} any more`)
      return statusOf(channel.name, status)
    },
  }
}

const GOOD = /^(SUCCESS|ACTIVE|0)$/i

function statusOf(channel: string, status: Readonly<Record<string, unknown>>): Status {
  const code = String(status['channel_status_code'] ?? 'SUCCESS')
  if (!GOOD.test(code)) throw new Rewound(`${channel} says ${code}`)
  const token = status['last_committed_offset_token'] ?? null
  if (token !== null && !(typeof token === 'string' && /^\d{1,15}$/.test(token))) {
    throw new SinkFailure(`${channel} belongs to somebody else: its token is ${token}`, false)
  }
  return {
    committed: token === null ? -1 : Number(token),
    errors: Number(status['rows_error_count'] ?? 0),
    message: String(status['last_error_message'] ?? ''),
  }
}

function continuationOf(answer: unknown): string {
  const token = isFields(answer) ? answer['next_continuation_token'] : undefined
  if (typeof token === 'string') return token
  throw new SinkFailure('the service has answered without a continuation token', false)
}

function fieldsOf(answer: unknown, name: string): Readonly<Record<string, unknown>> {
  const fields = isFields(answer) ? answer[name] : undefined
  return isFields(fields) ? fields : {}
}
