// Traces: where the time of one event goes, from its request to its window. Off, there is null in place
// of a tracing, no module of OpenTelemetry is loaded, and nothing is done for an event. On, what is
// sampled bears a W3C traceparent through log and Kafka, and each stage adds a span to that trace.
export { openTracing } from './open-tracing.ts'
export type { Attributes, BatchSpan, OpenSpan, Tracing, TracingSettings } from './port.ts'
export { ofTrace, readTraceparent, traceIdOf } from './traceparent.ts'
