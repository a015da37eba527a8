import {
  type FieldError,
  INGEST,
  INGEST_INSTALL,
  INGEST_PURCHASE,
  LIMITS,
  ProblemError,
  VERDICT_CODES,
  type Verdict,
} from '@questline/contracts'
import { toInstant } from '../../platform/platform.ts'
import { arrivalOf } from '../arrival.ts'
import { type Answer, endpoint, ok } from '../endpoint.ts'
import { parseBody } from '../event-body.ts'
import type { EndpointParts } from '../parts.ts'

export const ingest = ({ ingest, settings }: EndpointParts) =>
  endpoint(INGEST, async ({ caller, request, requestId }) => {
    const { bodyText: text } = request
    const arrival = arrivalOf(request, caller, settings.defaultApp)
    const results = await ingest.batch(arrival, batchIn(text), text)
    const answer = ok({
      request_id: requestId,
      received_at: toInstant(arrival.receivedAt),
      results,
    })
    const isBusy = results.some(({ status }) => status === 'retry')
    return isBusy ? { ...answer, headers: { 'retry-after': '1' } } : answer
  })

/** Its shape is checked here: what the events hold has a verdict of its own for each. */
function batchIn(text: string): { readonly events: readonly unknown[] } {
  const body = parseBody(text)
  const events = typeof body === 'object' && body !== null && 'events' in body ? body.events : null
  if (!Array.isArray(events)) throw invalid([{ pointer: '#/events', detail: 'is not a list' }])
  if (events.length > LIMITS.batchEventsMax) {
    throw new ProblemError('batch-too-large', {
      detail: `At most ${LIMITS.batchEventsMax} events.`,
    })
  }
  return { events }
}

export const ingestInstall = (parts: EndpointParts) =>
  endpoint(INGEST_INSTALL, ({ caller, request }) => one(parts, 'install', caller, request))

export const ingestPurchase = (parts: EndpointParts) =>
  endpoint(INGEST_PURCHASE, ({ caller, request }) => one(parts, 'purchase', caller, request))

type OfCall = Parameters<Parameters<typeof endpoint<typeof INGEST>>[1]>[0]

async function one(
  { ingest, settings }: EndpointParts,
  eventType: 'install' | 'purchase',
  caller: OfCall['caller'],
  request: OfCall['request'],
): Promise<Answer> {
  const { bodyText: text } = request
  const arrival = arrivalOf(request, caller, settings.defaultApp)
  return answerFor(await ingest.single(arrival, parseBody(text), text, eventType))
}

/** An event that comes alone has a status of HTTP for its verdict. */
function answerFor({ event_id, status, code, path }: Verdict): Answer {
  switch (status) {
    case 'accepted':
    case 'duplicate':
      return ok({ status: 'accepted', event_id })
    case 'conflict':
      throw new ProblemError(code === 'transaction-conflict' ? code : 'event-id-conflict')
    case 'retry':
      throw new ProblemError('overloaded', { retryAfter: 1 })
    case 'rejected':
      if (code === 'wrong-app') throw new ProblemError('wrong-app')
      throw invalid([
        { pointer: `#${path ?? ''}`, detail: code === undefined ? '' : VERDICT_CODES[code].title },
      ])
  }
}

const invalid = (errors: readonly FieldError[]) => new ProblemError('invalid-request', { errors })
