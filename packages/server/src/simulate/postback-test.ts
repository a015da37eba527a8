import { createHmac } from 'node:crypto'
import { POSTBACK, POSTBACK_SIGNATURE_HEADER, POSTBACK_STORED } from '@questline/contracts'
import { type Clock, type Random, randomText, toInstant } from '../platform/platform.ts'

export type PostbackTestParts = {
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
}

export type PostbackTestSettings = {
  /** The server, as `https://game.example.com`, or its postback route. */
  readonly url: string
  /** What the server has as AF_SECRET. */
  readonly secret: string
  /** What a postback without a signature must meet: `refused` in production. */
  readonly unsigned?: 'accepted' | 'refused' | 'either'
  readonly timeoutMs?: number
}

export type PostbackCheck = {
  readonly name: 'unsigned' | 'valid' | 'invalid' | 'tampered' | 'curl'
  readonly passed: boolean
  /** One sentence for people. */
  readonly detail: string
  /** Of the server's answer; null when there was none. */
  readonly status: number | null
}

export type PostbackTestResult = {
  readonly passed: boolean
  readonly url: string
  /** Whether the server takes postbacks without a signature; null when it could not be told. */
  readonly unsignedDoor: 'open' | 'closed' | null
  readonly checks: readonly PostbackCheck[]
  /** Sends the valid postback again from any shell; a duplicate, so it may be run at will. */
  readonly curl: string
}

/**
 * Plays five postbacks against a running server: without a signature, with a valid one, with one
 * of another secret, with a changed body, and once more what the printed curl command sends, which
 * must be recognised. The event is named `questline_postback_test` and bears no revenue. At most
 * two of the five are stored. Never rejects because of the server: an answer that does not come
 * is a check that fails.
 * @throws TypeError when `url` is none
 */
export async function runPostbackTest(
  parts: PostbackTestParts,
  settings: PostbackTestSettings,
): Promise<PostbackTestResult> {
  const { secret, unsigned = 'either', timeoutMs = 10_000 } = settings
  const url = postbackUrl(settings.url)
  const send = (body: string, signature: string | null) => post(url, body, signature, timeoutMs)
  const body = testBody(parts)
  const signature = signPostback(secret, body)

  const bare = checkUnsigned(unsigned, await send(body, null))
  const first = await send(body, signature)
  const invalid = await send(body, signPostback(randomText(parts.random, 32), body))
  const tampered = await send(body.replace(EVENT_NAME, `${EVENT_NAME}_changed`), signature)
  const again = await send(body, signature)
  const checks = [
    bare.check,
    checkStored(first),
    checkRefused('invalid', invalid),
    checkRefused('tampered', tampered),
    checkRecognised(first, again),
  ]
  return {
    passed: checks.every(({ passed }) => passed),
    url,
    unsignedDoor: bare.door,
    checks,
    curl: curlCommand(url, body, signature),
  }
}

/** As `X-AF-Signature` takes it: HMAC-SHA256 over the bytes of `body`, 64 hex digits. */
export const signPostback = (secret: string, body: string): string =>
  createHmac('sha256', secret).update(body).digest('hex')

/** The route's address on the server of `url`, which may be the route, an alias or a prefix of it. */
function postbackUrl(url: string): string {
  const target = new URL(url)
  const path = target.pathname.replace(/\/+$/, '')
  const isRoute = [POSTBACK.path, ...POSTBACK.aliases].some((route) => path.endsWith(route))
  target.pathname = isRoute ? path : path + POSTBACK.path
  return target.href
}

const EVENT_NAME = 'questline_postback_test'

/** Random, so that a second run is not taken for a repetition of the first. */
const testBody = ({ clock, random }: PostbackTestParts): string =>
  JSON.stringify({
    event_name: EVENT_NAME,
    event_time: toInstant(clock.now()).replace('T', ' ').replace('Z', ''),
    appsflyer_id: `postback-test-${randomText(random, 12)}`,
    event_value: '{}',
  })

type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> }
type Reply = Answer | { readonly status: null; readonly fault: string }

async function post(
  url: string,
  body: string,
  signature: string | null,
  timeoutMs: number,
): Promise<Reply> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        ...(signature === null ? {} : { [POSTBACK_SIGNATURE_HEADER]: signature }),
      },
      // A provider need not follow, so an address that only redirects is the wrong one.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    return { status: response.status, body: parseObject(await response.text()) }
  } catch (error) {
    return { status: null, fault: faultOf(error) }
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}

/** `fetch failed` says nothing; its cause does. */
function faultOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message || cause.name : String(cause)
}

function checkUnsigned(expected: 'accepted' | 'refused' | 'either', reply: Reply) {
  const door = isStored(reply) ? 'open' : isRefused(reply) ? 'closed' : null
  const words = { open: 'accepted', closed: 'refused' } as const
  const passed = door !== null && (expected === 'either' || expected === words[door])
  const detail = {
    open: 'accepted without a signature, unverified: right for development only',
    closed: 'refused without a signature, as production must',
  }
  const check: PostbackCheck = {
    name: 'unsigned',
    passed,
    detail: door === null ? unexpected(reply) : detail[door],
    status: reply.status,
  }
  return { door, check } as const
}

function checkStored(reply: Reply): PostbackCheck {
  const passed = isStored(reply) && reply.body['duplicate'] === undefined
  const detail = passed ? 'stored with a valid signature' : unexpected(reply)
  return { name: 'valid', passed, detail, status: reply.status }
}

function checkRefused(name: 'invalid' | 'tampered', reply: Reply): PostbackCheck {
  const what = name === 'invalid' ? 'a signature of another secret' : 'a body changed after signing'
  const passed = isRefused(reply)
  const detail = passed ? `refused ${what}` : `${what} was not refused: ${unexpected(reply)}`
  return { name, passed, detail, status: reply.status }
}

function checkRecognised(first: Reply, again: Reply): PostbackCheck {
  const passed =
    isStored(first) &&
    isStored(again) &&
    again.body['duplicate'] === true &&
    again.body['postbackId'] === first.body['postbackId']
  const detail = passed
    ? 'what the curl command sends is recognised as the same postback'
    : `not recognised as the same postback: ${unexpected(again)}`
  return { name: 'curl', passed, detail, status: again.status }
}

const isStored = (reply: Reply): reply is Answer =>
  reply.status === 200 &&
  reply.body['ok'] === true &&
  reply.body['message'] === POSTBACK_STORED &&
  Number.isSafeInteger(reply.body['postbackId']) &&
  Number.isSafeInteger(reply.body['eventId'])

const isRefused = (reply: Reply): boolean =>
  reply.status === 401 && reply.body['code'] === 'invalid-signature'

function unexpected(reply: Reply): string {
  if (reply.status === null) return `no answer: ${reply.fault}`
  const { code, title } = reply.body
  const said = [code, title].filter((one) => typeof one === 'string').join(', ')
  return said === '' ? `answered ${reply.status}` : `answered ${reply.status} (${said})`
}

function curlCommand(url: string, body: string, signature: string): string {
  const words = [
    ...['curl', '-X', 'POST', quoted(url)],
    ...['-H', quoted('Content-Type: application/json')],
    ...['-H', quoted(`${POSTBACK_SIGNATURE_HEADER}: ${signature}`)],
    ...['--data-binary', quoted(body)],
  ]
  return words.join(' ')
}

/** For a POSIX shell: everything as it is, but for the quote itself. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
