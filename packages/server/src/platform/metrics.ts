import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = {
  /** A value that is read when somebody asks for it. */
  gauge(name: string, help: string, read: () => number): void
  counter(name: string, help: string): (by?: number) => void
  histogram(name: string, help: string, buckets: readonly number[]): (value: number) => void
  /** A histogram per combination of label values; the returned function is cheap per combination. */
  labelled(
    name: string,
    help: string,
    labels: readonly string[],
    buckets: readonly number[],
  ): (values: readonly string[], value: number) => void
  /** Prometheus text exposition format. */
  text(): Promise<string>
}

/** Prometheus metrics of this process; every name begins with `questline_`. */
export function createMetrics(): Metrics {
  const registers = [new Registry()]
  const [registry] = registers
  if (!registry) throw new Error('unreachable')
  collectDefaultMetrics({ register: registry, prefix: 'questline_' })
  const named = (name: string, help: string) => ({ name: `questline_${name}`, help, registers })
  return {
    gauge(name, help, read) {
      new Gauge({
        ...named(name, help),
        collect() {
          this.set(read())
        },
      })
    },
    counter(name, help) {
      const counter = new Counter(named(name, help))
      return (by = 1) => counter.inc(by)
    },
    histogram(name, help, buckets) {
      const histogram = new Histogram({ ...named(name, help), buckets: [...buckets] })
      return (value) => histogram.observe(value)
    },
    labelled(name, help, labels, buckets) {
      const histogram = new Histogram({
        ...named(name, help),
        labelNames: [...labels],
        buckets: [...buckets],
      })
      return (values, value) => histogram.labels(...values).observe(value)
    },
    text: () => registry.metrics(),
  }
}
