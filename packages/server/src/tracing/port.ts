export type Attributes = Readonly<Record<string, string | number>>

export type TracingSettings = {
  /** Of an OTLP collector over HTTP; spans go to `/v1/traces` under it. */
  readonly endpoint: string
  /** The share of requests that are traced, where the client has not decided: 0 to 1. */
  readonly ratio: number
}

export type OpenSpan = {
  /** What goes with the events; null where this trace is not sampled. */
  readonly traceparent: string | null
  end(attributes?: Attributes): void
}

/** Work on many events at once. */
export type BatchSpan = {
  readonly name: string
  /** Of the events; each trace gets one span. */
  readonly traceparents: Iterable<string>
  /** Wall clock, milliseconds since the epoch. */
  readonly from: number
  readonly to: number
  readonly attributes?: Attributes
}

export interface Tracing {
  /** Begins a span below `parent`, or a new trace. */
  begin(name: string, parent: string | null, attributes?: Attributes): OpenSpan
  /** One span in each trace, linked with one of the batch that is linked with all of them. */
  batch(span: BatchSpan): void
  /** Sends what is not sent yet, and ends. Never fails: a trace is worth no outage. */
  close(): Promise<void>
}
