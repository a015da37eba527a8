import { Rewound, SinkFailure } from './sink.ts'
import { type KeyPairLogin, keyPairToken } from './snowflake-jwt.ts'

export type SnowflakeRestParts = {
  readonly login: KeyPairLogin
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number
}

export type SnowflakeRestSettings = {
  /** `https://<organization>-<account>.snowflakecomputing.com` */
  readonly accountUrl: string
  /** Of a request: after it the request may have worked or not. */
  readonly timeoutMs: number
}

type Call = {
  readonly method: 'GET' | 'PUT' | 'POST'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
}
type Answer = { readonly status: number; readonly text: string; readonly retryAfter: string | null }

/** Where the channels are, and what is shown there, until then. */
type Authority = { readonly host: string; readonly token: string; readonly until: number }

/** A token for the host of the channels lives an hour. */
const TOKEN_MS = 45 * 60_000
/** What the channel's own state makes impossible; opening it again puts it right. */
const REOPEN =
  /^(STALE_|ERR_CHANNEL_(HAS_INVALID_(ROW|CLIENT)_SEQUENCER|MUST_BE_REOPENED|DOES_NOT_EXIST))/

/**
 * Calls of Snowpipe Streaming's REST interface, version 2. The account tells the host of the channels
 * and gives a token for it, both for a key-pair token; these are kept and renewed.
 */
export function createSnowflakeRest(
  { login, now }: SnowflakeRestParts,
  settings: SnowflakeRestSettings,
) {
  const { accountUrl, timeoutMs } = settings
  let asked: Promise<Authority> | null = null

  const send = async (base: string, call: Call, bearer: Bearer, signal: AbortSignal) => {
    const url = new URL(call.path, base)
    for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value)
    try {
      const response = await fetch(url, {
        method: call.method,
        headers: {
          authorization: `Bearer ${bearer.text}`,
          accept: 'application/json',
          // Otherwise the service guesses, and it guesses OAuth.
          'x-snowflake-authorization-token-type': bearer.type,
          ...call.headers,
        },
        ...(call.body === undefined ? {} : { body: call.body }),
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      })
      const text = await response.text()
      return { status: response.status, text, retryAfter: response.headers.get('retry-after') }
    } catch (error) {
      throw new SinkFailure(`no answer to ${call.method} ${call.path}: ${String(error)}`, true, {
        cause: error,
      })
    }
  }

  const authorize = async (signal: AbortSignal): Promise<Authority> => {
    const bearer = { type: 'KEYPAIR_JWT', text: keyPairToken(login, now()) }
    const ask = async (call: Call): Promise<Answer> => {
      const answer = await send(accountUrl, call, bearer, signal)
      if (answer.status !== 200) throw failureOf(call, answer)
      return answer
    }
    const named = await ask({ method: 'GET', path: '/v2/streaming/hostname' })
    const ingest = hostUrl(textOf(named, 'hostname'), accountUrl)
    const until = now() + TOKEN_MS
    const given = await ask({
      method: 'POST',
      path: '/oauth/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        scope: new URL(ingest).host,
      }).toString(),
    })
    return { host: ingest, token: textOf(given, 'token'), until }
  }

  /** All lanes ask at once, and one of them goes. */
  const authority = async (signal: AbortSignal): Promise<Authority> => {
    if (asked !== null && (await asked).until <= now()) asked = null
    asked ??= authorize(signal)
    return asked.catch((error: unknown) => {
      asked = null
      throw error
    })
  }

  return {
    /**
     * @returns the answer's JSON
     * @throws Rewound when the channel must be opened again, else SinkFailure
     */
    async call(call: Call, signal: AbortSignal): Promise<unknown> {
      for (let attempt = 1; ; attempt += 1) {
        const given = await authority(signal)
        const bearer = { type: 'OAUTH', text: given.token }
        const answer = await send(given.host, call, bearer, signal)
        if (answer.status === 200) return jsonOf(answer.text)
        // It may have ended before its time, or the host has changed: once with a new one.
        if (attempt === 1 && (answer.status === 401 || answer.status === 403)) asked = null
        else throw failureOf(call, answer)
      }
    },
  }
}

export type SnowflakeRest = ReturnType<typeof createSnowflakeRest>
type Bearer = { readonly type: string; readonly text: string }

function failureOf({ method, path }: Call, answer: Answer): SinkFailure {
  const { status, text, retryAfter } = answer
  const json = jsonOf(text)
  const said = isFields(json) ? `${json['code'] ?? ''} ${json['message'] ?? ''}` : text
  const message = `${method} ${path}: ${status} ${said.slice(0, 300)}`.trim()
  const code = isFields(json) ? String(json['code'] ?? '') : ''
  if (status === 409 || REOPEN.test(code)) return new Rewound(message)
  if (status === 429) return new Refused(message, true, { afterMs: pauseOf(retryAfter) })
  if (status === 408 || status >= 500) {
    return new SinkFailure(message, true, { afterMs: pauseOf(retryAfter) })
  }
  return new SinkFailure(message, false)
}

/** The service has looked at nothing of it, and says so: it may be sent as it is. */
export class Refused extends SinkFailure {}

/** Seconds; a date is not what this service sends. */
const pauseOf = (retryAfter: string | null): number =>
  /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) * 1_000 : 0

/** Bare, or within an object: the service's documents show both. */
function textOf({ text }: Answer, name: string): string {
  const json = jsonOf(text)
  const value = isFields(json) ? json[name] : typeof json === 'string' ? json : text.trim()
  if (typeof value === 'string' && value !== '') return value
  throw new SinkFailure(`the account has answered without a ${name}`, false)
}

/** Underscores of an account are hyphens in the names of its hosts. */
const hostUrl = (said: string, accountUrl: string): string =>
  `${new URL(accountUrl).protocol}//${said.replace(/^https?:\/\//, '').replaceAll('_', '-')}`

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
