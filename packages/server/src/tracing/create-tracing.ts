import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Attributes, BatchSpan, OpenSpan, Tracing, TracingSettings } from './port.ts'
import { readTraceparent } from './traceparent.ts'

/** A batch of thousands of traced requests says it of the first; the rest have their own spans all the same. */
const LINKS_MAX = 128
/** Spans of one batch at a time: what waits to be sent is bounded, and beyond it spans are dropped. */
const TRACES_MAX = 1_000
const SEND_EVERY_MS = 1_000
const SEND_WITHIN_MS = 5_000

/** Traces that go to a collector. Nothing is registered globally: who makes a span says its parent. */
export function createTracing({ endpoint, ratio }: TracingSettings, role: string): Tracing {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: SEND_WITHIN_MS })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': `questline-${role}` }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: SEND_EVERY_MS })],
  })
  const tracer = provider.getTracer('questline')

  const begin = (name: string, parent: string | null, attributes: Attributes = {}): OpenSpan => {
    const span = tracer.startSpan(name, { attributes }, contextOf(parent))
    return {
      traceparent: span.isRecording() ? traceparentOf(span.spanContext()) : null,
      end(more) {
        if (more) span.setAttributes(more)
        span.end()
      },
    }
  }

  const batch = ({ name, traceparents, from, to, attributes = {} }: BatchSpan): void => {
    const parents = [...new Set(traceparents)]
    if (parents.length === 0) return
    const links = parents.slice(0, LINKS_MAX).flatMap(linkTo)
    // It belongs to no request, so the ratio is not asked: those that it has were sampled before.
    const own = tracer.startSpan(
      `${name} batch`,
      { startTime: from, attributes: { ...attributes, traces: parents.length }, links },
      contextOf(parents[0] ?? null),
    )
    own.end(to)
    const back = [{ context: own.spanContext() }]
    for (const parent of parents.slice(0, TRACES_MAX)) {
      tracer
        .startSpan(name, { startTime: from, attributes, links: back }, contextOf(parent))
        .end(to)
    }
  }

  return {
    begin,
    batch,
    close: () => provider.shutdown().catch(() => undefined),
  }
}

const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`

function spanContextOf(traceparent: string | null): SpanContext | null {
  const [, traceId, spanId, flags] = readTraceparent(traceparent)?.split('-') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return null
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED
  return { traceId, spanId, traceFlags, isRemote: true }
}

function contextOf(parent: string | null): Context {
  const context = spanContextOf(parent)
  return context === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, context)
}

function linkTo(traceparent: string): Link[] {
  const context = spanContextOf(traceparent)
  return context === null ? [] : [{ context }]
}
