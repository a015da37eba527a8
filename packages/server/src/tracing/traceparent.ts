const FORM = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/
const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)

/** A header as W3C Trace Context has it; null for anything else, which then is as if it had not come. */
export function readTraceparent(text: unknown): string | null {
  if (typeof text !== 'string') return null
  const [, trace, span] = FORM.exec(text) ?? []
  if (trace === undefined || trace === NO_TRACE || span === NO_SPAN) return null
  return text
}

export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35)

/** What a log line says of the trace that it belongs to. */
export const ofTrace = (traceparent: string | null | undefined): { readonly trace_id?: string } =>
  traceparent ? { trace_id: traceIdOf(traceparent) } : {}
