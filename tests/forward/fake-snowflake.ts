// Snowpipe Streaming's REST interface as its documents describe it, within this process. It was never
// compared with the service. Strict where the service is: tokens and their signatures, hosts, sequencers,
// sizes. Rows are committed some looks after they were taken; opening a channel throws away those that
// are not, and locks out whoever had it.
import { createHash, type KeyObject, verify } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

const REQUEST_BYTES_MAX = 4_000_000
const HOUR_SEC = 3_600

export type Row = Readonly<Record<string, unknown>> & { readonly event_id: string }
/** What becomes of the next call of a kind. */
export type Fate =
  | 'well'
  /** It is done, and nobody is told. */
  | 'done-and-cut'
  /** It is not done, and nobody is told. */
  | 'cut'
  | 'silent'
  | 'throttled'
  | 'broken'
  | 'unavailable'
  /** The tokens given so far end. */
  | 'expired'
  /** The channel is taken from whoever has it, with what is not committed. */
  | 'invalidated'
  /** Half of the rows find no place in the table. */
  | 'misfit'
  | 'no-pipe'
export type Kind = 'hostname' | 'token' | 'open' | 'rows' | 'status'

type Channel = {
  sequencer: number
  /** Of rows within one opening. */
  next: number
  waiting: { readonly token: string; readonly rows: readonly Row[]; readonly misfits: number }[]
  committed: string | null
  errors: number
  /** The channel says so until it is opened again. */
  code: string
}

export type FakeSnowflakeSettings = {
  /** Of the user; its fingerprint is what the service has. */
  readonly publicKey: KeyObject
  /** In upper case. */
  readonly account: string
  readonly user: string
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number
}

type Call = { readonly kind: Kind; readonly channel: string }
type Answer = readonly [status: number, json: unknown]

const freshState = () => ({
  /** What is in the table, in its order. */
  table: [] as Row[],
  /** Each call, in its order. */
  calls: [] as Call[],
  fates: { hostname: [], token: [], open: [], rows: [], status: [] } as Record<Kind, Fate[]>,
  /** What a client has done that the service would not take. */
  violations: [] as string[],
  channels: new Map<string, Channel>(),
  /** Looks at the status after which rows are committed. */
  looksToCommit: 1,
  retryAfter: '0',
})
type State = ReturnType<typeof freshState>

/** Channels and the table behind them, without HTTP. */
function createService(state: State) {
  let looks = 0
  const channelOf = (name: string): Channel => {
    const known = state.channels.get(name)
    if (known) return known
    const made = { sequencer: 0, next: 0, waiting: [], committed: null, errors: 0, code: 'SUCCESS' }
    state.channels.set(name, made)
    return made
  }
  const bump = (channel: Channel): void => {
    channel.sequencer += 1
    channel.next = 0
    channel.waiting = []
  }
  const commit = (channel: Channel): void => {
    for (const { token, rows, misfits } of channel.waiting.splice(0)) {
      state.table.push(...rows)
      channel.errors += misfits
      channel.committed = token
    }
  }
  const statusOf = (name: string, channel: Channel) => ({
    channel_status_code: channel.code,
    last_committed_offset_token: channel.committed,
    channel_name: name.toUpperCase(),
    rows_error_count: channel.errors,
    last_error_message: channel.errors > 0 ? 'a column has another type' : null,
  })

  const take = (
    channel: Channel,
    url: URL,
    request: IncomingMessage,
    body: Buffer,
    fate: Fate,
  ): Answer => {
    const continuation = url.searchParams.get('continuationToken')
    if (continuation !== `${channel.sequencer}_${channel.next}`) {
      const code = 'STALE_CONTINUATION_TOKEN_SEQUENCER'
      return [400, { code, message: 'Please reopen the channel' }]
    }
    const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
    if (plain.length > REQUEST_BYTES_MAX) {
      state.violations.push(`${plain.length} bytes`)
      return [413, { code: 'PAYLOAD_TOO_LARGE', message: '' }]
    }
    if (request.headers['content-type'] !== 'application/x-ndjson') state.violations.push('type')
    const lines = plain.toString().split('\n')
    if (lines.pop() !== '') state.violations.push('the last line has no end')
    const rows = lines.map((line): Row => JSON.parse(line))
    const fit = fate === 'misfit' ? rows.filter((_row, index) => index % 2 === 0) : rows
    channel.next += 1
    const token = url.searchParams.get('offsetToken') ?? ''
    channel.waiting.push({ token, rows: fit, misfits: rows.length - fit.length })
    return [200, { next_continuation_token: `${channel.sequencer}_${channel.next}` }]
  }

  return {
    channelOf,
    bump,
    commit,
    take,
    open(name: string): Answer {
      const channel = channelOf(name)
      bump(channel)
      channel.code = 'SUCCESS'
      const status = statusOf(name, channel)
      return [200, { next_continuation_token: `${channel.sequencer}_0`, channel_status: status }]
    },
    status(body: Buffer): Answer {
      const { channel_names: names } = JSON.parse(body.toString()) as { channel_names: string[] }
      looks += 1
      const found = names.flatMap((each) => {
        const channel = state.channels.get(each)
        if (channel && looks % state.looksToCommit === 0) commit(channel)
        return channel ? [[each.toUpperCase(), statusOf(each, channel)] as const] : []
      })
      return [200, { channel_statuses: Object.fromEntries(found) }]
    },
  }
}

/** What a call comes to before anybody has looked into it; null for nothing. */
function spoilt(
  fate: Fate,
  retryAfter: string,
): readonly [...Answer, Record<string, string>] | null {
  const pause = { 'retry-after': retryAfter }
  if (fate === 'throttled') return [429, { code: 'THROTTLED' }, pause]
  if (fate === 'unavailable') return [503, 'busy', pause]
  if (fate === 'broken') return [500, { code: 'INTERNAL' }, {}]
  if (fate === 'no-pipe') return [404, { code: 'ERR_PIPE_DOES_NOT_EXIST_OR_NOT_AUTHORIZED' }, {}]
  return null
}

export async function startFakeSnowflake(settings: FakeSnowflakeSettings) {
  const state = freshState()
  const service = createService(state)
  const tokens = new Set<string>()
  let given = 0

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request)
    const url = new URL(request.url ?? '/', 'http://fake')
    const call = callOf(request.method ?? '', url)
    const answer = (status: number, json: unknown, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(typeof json === 'string' ? json : JSON.stringify(json))
    }
    const refuse = (status: number, code: string): void => answer(status, { code, message: code })
    if (call === null) return refuse(404, 'NOT_FOUND')
    const { kind, channel: name } = call
    state.calls.push({ kind, channel: name })
    const bearer = (request.headers.authorization ?? '').replace(/^Bearer /, '')
    const isAccountCall = kind === 'hostname' || kind === 'token'
    const fate = state.fates[kind].shift() ?? 'well'
    if (fate === 'expired') tokens.clear()
    const fault = isAccountCall ? jwtFault(bearer, settings) : tokens.has(bearer) ? null : 'token'
    if (fault !== null) return refuse(401, `JWT_TOKEN_INVALID_${fault}`)
    if (
      isAccountCall &&
      request.headers['x-snowflake-authorization-token-type'] !== 'KEYPAIR_JWT'
    ) {
      return refuse(401, 'JWT_TOKEN_INVALID_TYPE')
    }
    const spoiling = spoilt(fate, state.retryAfter)
    if (spoiling !== null) return answer(...spoiling)
    if (fate === 'cut') return void request.socket.destroy()
    if (fate === 'silent') return
    if (fate === 'invalidated') service.bump(service.channelOf(name))
    const [status, json] = perform(call, url, request, body, fate)
    if (fate === 'done-and-cut') return void request.socket.destroy()
    answer(status, json)
  }

  const perform = (
    { kind, channel }: Call,
    url: URL,
    request: IncomingMessage,
    body: Buffer,
    fate: Fate,
  ): Answer => {
    if (kind === 'hostname') return [200, host]
    if (kind === 'open') return service.open(channel)
    if (kind === 'rows') return service.take(service.channelOf(channel), url, request, body, fate)
    if (kind === 'status') return service.status(body)
    if (new URLSearchParams(body.toString()).get('scope') !== host) return [400, { code: 'SCOPE' }]
    given += 1
    tokens.add(`token-${given}`)
    return [200, `token-${given}`]
  }

  const server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ...state,
    set: (changes: { readonly looksToCommit?: number; readonly retryAfter?: string }): void => {
      Object.assign(state, changes)
    },
    url: `http://${host}`,
    /** Commits what was taken, as the service does without being asked. */
    commit: (): void => state.channels.forEach(service.commit),
    /** Takes the channels from whoever has them. */
    invalidate(code: string): void {
      for (const channel of state.channels.values()) {
        service.bump(channel)
        channel.code = code
      }
    },
    close: (): Promise<void> =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export type FakeSnowflake = Awaited<ReturnType<typeof startFakeSnowflake>>

const PIPE = 'databases/GAMES/schemas/PUBLIC/pipes/GAME_EVENTS-STREAMING'

function callOf(method: string, { pathname }: URL): Call | null {
  const path = decodeURIComponent(pathname)
  if (method === 'GET' && path === '/v2/streaming/hostname')
    return { kind: 'hostname', channel: '' }
  if (method === 'POST' && path === '/oauth/token') return { kind: 'token', channel: '' }
  if (method === 'POST' && path === `/v2/streaming/${PIPE}:bulk-channel-status`) {
    return { kind: 'status', channel: '' }
  }
  const rows = new RegExp(`^/v2/streaming/data/${PIPE}/channels/([^/]+)/rows$`).exec(path)?.[1]
  if (method === 'POST' && rows) return { kind: 'rows', channel: rows }
  const opened = new RegExp(`^/v2/streaming/${PIPE}/channels/([^/]+)$`).exec(path)?.[1]
  return method === 'PUT' && opened ? { kind: 'open', channel: opened } : null
}

/** What is wrong with a key-pair token, or null. */
function jwtFault(token: string, { publicKey, account, user, now }: FakeSnowflakeSettings) {
  const [head = '', claims = '', signature = ''] = token.split('.')
  const isSigned = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    publicKey,
    Buffer.from(signature, 'base64url'),
  )
  if (!isSigned) return 'SIGNATURE'
  const { iss, sub, iat, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString())
  const der = publicKey.export({ type: 'spki', format: 'der' })
  const fingerprint = createHash('sha256').update(der).digest('base64')
  if (sub !== `${account}.${user}`) return 'SUBJECT'
  if (iss !== `${account}.${user}.SHA256:${fingerprint}`) return 'ISSUER'
  const nowSec = now() / 1_000
  return exp > nowSec && exp - iat <= HOUR_SEC && iat <= nowSec + 60 ? null : 'TIME'
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}
