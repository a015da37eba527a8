import { Readable } from 'node:stream'
import { KPI_STREAM, ProblemError } from '@questline/contracts'
import { behind, type KpiPosition } from '../../windows/windows.ts'
import { endpoint } from '../endpoint.ts'
import { kpiFilter } from '../kpi-query.ts'
import type { EndpointParts } from '../parts.ts'

export const kpiStream = ({ numbers, streams }: EndpointParts) =>
  endpoint(KPI_STREAM, async ({ caller, query, request }) => {
    const filter = kpiFilter(caller, query)
    const from = resumed(request.headers['last-event-id']) ?? (await numbers.newest())
    const isHead = request.method === 'HEAD'
    return {
      status: 200,
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
      body: isHead ? Readable.from([]) : streams.open(filter, from),
    }
  })

/** Null without the header, and with an empty one, which a client sends that has seen no id. */
function resumed(header: string | string[] | undefined): KpiPosition | null {
  if (header === undefined || header === '') return null
  const offset =
    typeof header === 'string' && /^\d{1,16}$/.test(header) ? Number(header) : Number.NaN
  if (Number.isSafeInteger(offset)) return behind(offset)
  throw new ProblemError('malformed-request', { detail: 'Last-Event-ID is no id of this stream.' })
}
