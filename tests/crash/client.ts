// A client that knows three outcomes and not two: an answer, or no answer, after which anything may
// have happened. It never sends by itself what it has sent before, as browsers and fetch may.
import { Agent, request as httpRequest } from 'node:http'

export type Request = {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

export type Answer = {
  readonly kind: 'answer'
  readonly status: number
  readonly contentType: string
  readonly body: string
  readonly replayed: boolean
  readonly retryAfter: string | null
}
export type Outcome = Answer | { readonly kind: 'no-answer'; readonly reason: string }

export type Client = {
  send(request: Request): Promise<Outcome>
  close(): void
}

const SOCKETS_MAX = 128

/** @param answerMsMax how long to wait for an answer before it counts as none */
export function createClient(
  address: string,
  answerMsMax = 10_000,
  socketsMax = SOCKETS_MAX,
): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: socketsMax })
  return {
    send: (request) => exchange(agent, address, request, answerMsMax),
    close: () => agent.destroy(),
  }
}

function exchange(
  agent: Agent,
  address: string,
  { method, path, headers, body }: Request,
  answerMsMax: number,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const none = (reason: string) => resolve({ kind: 'no-answer', reason })
    const sent = httpRequest(
      `${address}${path}`,
      {
        agent,
        method,
        headers: body === null ? headers : { ...headers, 'content-type': 'application/json' },
        signal: AbortSignal.timeout(answerMsMax),
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', (error) => none(error.message))
        response.on('close', () => {
          if (!response.complete) return none('the answer broke off')
          resolve({
            kind: 'answer',
            status: response.statusCode ?? 0,
            contentType: response.headers['content-type'] ?? '',
            body: Buffer.concat(chunks).toString('utf8'),
            replayed: response.headers['idempotency-replayed'] === 'true',
            retryAfter: response.headers['retry-after'] ?? null,
          })
        })
      },
    )
    sent.on('error', (error) => none(error.message))
    sent.end(body ?? undefined)
  })
}

/** An answer's JSON body; empty when it is none. */
export function fieldsOf(answer: Answer | null): Readonly<Record<string, unknown>> {
  try {
    const fields: unknown = JSON.parse(answer?.body ?? '')
    return typeof fields === 'object' && fields !== null ? { ...fields } : {}
  } catch {
    return {}
  }
}
