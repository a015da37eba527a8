import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { createBoundHistogram } from './bound-histogram.ts'

type Values = Iterable<readonly [labelValue: string, value: number]>

export type Metrics = {
  /** A value that is read when somebody asks for it. */
  gauge(name: string, help: string, read: () => number): void
  /** One value for each value of a label; read when somebody asks, all together. */
  gauges(name: string, help: string, label: string, read: () => Values | Promise<Values>): void
  counter(name: string, help: string): (by?: number) => void
  /** One counter for each combination of label values, of which there are few. */
  counters(
    name: string,
    help: string,
    labels: readonly string[],
  ): (values: readonly string[], by?: number) => void
  histogram(name: string, help: string, buckets: readonly number[]): (value: number) => void
  /** A histogram whose label values are bound once, so that observing costs nanoseconds. */
  boundHistogram(
    name: string,
    help: string,
    labels: readonly string[],
    buckets: readonly number[],
  ): (values: readonly string[]) => (value: number) => void
  /** Prometheus text exposition format. */
  text(): Promise<string>
}

/** Prometheus metrics of this process; every name begins with `questline_`. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
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
    gauges(name, help, label, read) {
      new Gauge({
        ...named(name, help),
        labelNames: [label],
        async collect() {
          const values = await read()
          this.reset()
          for (const [labelValue, value] of values) this.set({ [label]: labelValue }, value)
        },
      })
    },
    counter(name, help) {
      const counter = new Counter(named(name, help))
      return (by = 1) => counter.inc(by)
    },
    counters(name, help, labels) {
      const counter = new Counter({ ...named(name, help), labelNames: [...labels] })
      return (values, by = 1) => counter.labels(...values).inc(by)
    },
    histogram(name, help, buckets) {
      const histogram = new Histogram({ ...named(name, help), buckets: [...buckets] })
      return (value) => histogram.observe(value)
    },
    boundHistogram(name, help, labels, buckets) {
      const histogram = createBoundHistogram(`questline_${name}`, help, labels, buckets)
      registry.registerMetric(histogram.metric)
      return histogram.bind
    },
    text: () => registry.metrics(),
  }
}
