import type { Entry } from './backlog.ts'
import type { Host, HttpResponse } from './host.ts'
import type { Queue } from './queue.ts'
import type { Settings } from './settings.ts'
import { timed } from './timed.ts'
import { uuidv7 } from './uuid.ts'

export type Verdict = {
  readonly event_id: string
  readonly status: string
  readonly code?: string
  readonly path?: string
}

export type SenderParts = {
  readonly url: string
  readonly sdk: string
  /** Names this run of the app; ages are only compared within it. */
  readonly run: string
  readonly host: Host
  readonly settings: Settings
  readonly queue: Queue
  /** The event's final verdict, with the status of the answer that brought it. */
  answered(entry: Entry, verdict: Verdict, httpStatus: number): void
  /** The key is refused: nothing is sent until there is another, nothing is lost. */
  refused(httpStatus: number, code: string | undefined): void
  /** The server has taken something. */
  reached(): void
}

/** The same bytes go out until they are answered: all that differs between attempts is a header. */
type Batch = {
  readonly entries: readonly Entry[]
  readonly json: string
  readonly bytes: number
  readonly requestId: string
  body?: string | ArrayBuffer
  attempt: number
}

type Answer = {
  /** 0: there was none, or none that a Questline server gives. */
  readonly status: number
  readonly retryAfter: string | null
  readonly code?: string
  readonly results?: readonly (Verdict | null)[]
}

const NO_ANSWER: Answer = { status: 0, retryAfter: null }
const HEAD = '{"events":['
const TAIL = ']}'
/** Below, the headers of gzip and the work cost more than they save. */
const COMPRESS_CHARS_MIN = 1_024
/** Other code of the page shares the 64 KiB, so only small requests take some of it without need. */
const KEEPALIVE_UNASKED_BYTES_MAX = 16_384

/** Sends the queue, one batch at a time, for as long as it takes. */
export class Sender {
  readonly #parts: SenderParts
  #apiKey: string
  #batch: Batch | undefined
  #working: Promise<boolean> | undefined
  #isPaused = false
  #failures = 0
  /** On the monotonic clock. */
  #notBefore = 0
  #eventsMax: number

  constructor(parts: SenderParts, apiKey: string) {
    this.#parts = parts
    this.#apiKey = apiKey
    this.#eventsMax = parts.settings.batchEventsMax
  }

  /** Sends again after a refused key, with this one. */
  resume(apiKey: string): void {
    this.#apiKey = apiKey
    this.#isPaused = false
  }

  /** Milliseconds until sending makes sense; undefined while it does not. */
  pause(): number | undefined {
    if (this.#isPaused) return undefined
    return Math.max(0, this.#notBefore - this.#parts.host.monotonic())
  }

  /**
   * Sends until nothing waits (true), or the server does not take more now (false). `leaving`: the
   * page may end at any moment, so the first request leaves before this returns.
   */
  send(leaving = false): Promise<boolean> {
    this.#working ??= this.#sendAll(leaving).finally(() => {
      this.#working = undefined
    })
    return this.#working
  }

  async #sendAll(leaving: boolean): Promise<boolean> {
    const { queue, settings } = this.#parts
    while (this.pause() === 0) {
      // What the disk does not hold yet would lose its number, were it sent and then forgotten.
      if (!leaving) await queue.settled()
      const bytesMax = leaving ? settings.keepaliveBytesMax : settings.batchBytesMax
      const batch = this.#held(bytesMax) ?? this.#form(bytesMax)
      this.#batch = batch
      if (!batch) return true
      for (const entry of batch.entries) entry.sending = true
      const answer = await this.#attempt(batch, leaving)
      for (const entry of batch.entries) entry.sending = false
      this.#take(batch, answer)
      await queue.save()
    }
    return false
  }

  /** The batch that failed, unless the queue gave up some of it meanwhile. */
  #held(bytesMax: number): Batch | undefined {
    const { queue } = this.#parts
    const batch = this.#batch
    const isWhole =
      batch?.entries.every((entry) => queue.isCurrent(entry)) && batch.bytes <= bytesMax
    return isWhole ? batch : undefined
  }

  #form(bytesMax: number): Batch | undefined {
    const { queue, host } = this.#parts
    const around = HEAD.length + TAIL.length
    const entries = queue.next(this.#eventsMax, bytesMax - around)
    if (entries.length === 0) return undefined
    const json = HEAD + entries.map((entry) => entry.json).join() + TAIL
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes + 1, around - 1)
    return { entries, json, bytes, requestId: uuidv7(host), attempt: 0 }
  }

  async #attempt(batch: Batch, leaving: boolean): Promise<Answer> {
    const { host, settings, url, sdk, run } = this.#parts
    batch.attempt += 1
    // Compressing takes a turn of the event loop, which a page that ends does not get.
    batch.body ??= leaving ? batch.json : await this.#pack(batch.json)
    const { body } = batch
    const isText = typeof body === 'string'
    const size = isText ? batch.bytes : body.byteLength
    // A browser refuses by a failure like any other, so the second attempt goes without.
    const keepalive = leaving || (batch.attempt === 1 && size <= KEEPALIVE_UNASKED_BYTES_MAX)
    const request = {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.#apiKey}`,
        'content-type': 'application/json',
        ...(isText ? {} : { 'content-encoding': 'gzip' }),
        'x-request-id': batch.requestId,
        'x-attempt': `${batch.attempt}`,
        'x-sent-at': new Date(host.now()).toISOString(),
        'x-sdk': sdk,
        'x-monotonic': `${run};${Math.floor(host.monotonic())}`,
      },
      body,
      keepalive,
      // A redirect turns a POST into a GET, and whoever answers that has stored nothing.
      redirect: 'error',
    } as const
    const answer = await timed(host, settings.requestTimeoutMs, async (signal) =>
      read(await host.fetch(`${url}/v1/events`, { ...request, ...signal })),
    )
    return answer ?? NO_ANSWER
  }

  async #pack(json: string): Promise<string | ArrayBuffer> {
    const { compress } = this.#parts.host
    if (!compress || json.length < COMPRESS_CHARS_MIN) return json
    const packed = await compress(json).catch(() => undefined)
    return packed && packed.byteLength < json.length ? packed : json
  }

  #take({ entries }: Batch, { status, retryAfter, code, results }: Answer): void {
    const { queue, refused } = this.#parts
    if (results) {
      this.#judge(entries, results, status, retryAfter)
    } else if (status === 401 || status === 403) {
      this.#isPaused = true
      refused(status, code)
    } else if (status < 400 || status > 499 || status === 408 || status === 429) {
      this.#wait(retryAfter)
    } else {
      this.#batch = undefined
      if (status === 413 && entries.length > 1) this.#eventsMax = entries.length >> 1
      else for (const entry of entries) queue.drop(entry, status === 413 ? 'too-large' : 'rejected')
    }
  }

  #judge(
    entries: readonly Entry[],
    results: readonly (Verdict | null)[],
    status: number,
    retryAfter: string | null,
  ): void {
    const { queue, settings, answered, reached } = this.#parts
    const verdicts = new Map(results.map((verdict) => [verdict?.event_id, verdict]))
    const before = queue.size()
    this.#batch = undefined
    for (const entry of entries) {
      const verdict = verdicts.get(entry.id)
      // A status that this version does not know is final: a later server knows what it does.
      if (verdict?.status && verdict.status !== 'retry') {
        queue.remove(entry)
        answered(entry, verdict, status)
      }
    }
    const done = before - queue.size()
    if (done > 0) {
      this.#failures = 0
      this.#eventsMax = Math.min(settings.batchEventsMax, this.#eventsMax * 2)
      reached()
    }
    if (done < entries.length) this.#wait(retryAfter)
  }

  #wait(retryAfter: string | null): void {
    const { host, settings } = this.#parts
    const asked = askedMs(retryAfter, host.now())
    const bound = Math.min(settings.backoffMaxMs, settings.backoffMinMs * 2 ** this.#failures)
    // What the server asks for is no failure of the network: it does not make later pauses longer.
    if (!(asked > 0)) this.#failures += 1
    this.#notBefore =
      host.monotonic() +
      (asked > 0 ? Math.min(asked, settings.retryAfterMaxMs) : host.random() * bound)
  }
}

/** Seconds or a date; NaN where there is neither. */
const askedMs = (retryAfter: string | null, now: number): number =>
  retryAfter ? Number(retryAfter) * 1_000 || Date.parse(retryAfter) - now : Number.NaN

/** Success is a 2xx with verdicts: a hotel's login page answers 200 as well. */
async function read(response: HttpResponse): Promise<Answer> {
  const body = Object(await response.json().catch(() => 0))
  const isGood = response.status >= 200 && response.status < 300
  const { results, code } = body
  if (isGood && !Array.isArray(results)) return NO_ANSWER
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    code,
    ...(isGood ? { results } : {}),
  }
}
