import type { Batch, Consumer } from '../analytics/analytics.ts'
import type { Step } from '../quality-kafka/quality-kafka.ts'
import type { Tracing } from '../tracing/tracing.ts'

type Traced = { readonly trace?: string }

/**
 * A consumer whose batches become spans once they are on disk. Without tracing it is the consumer itself.
 * @param eventsOf the events of a batch
 */
export function tracedConsumer<B extends Batch>(
  consumer: Consumer<B>,
  tracing: Tracing | null,
  now: () => number,
  eventsOf: (batch: B) => readonly Traced[],
): Consumer<B> {
  if (tracing === null) return consumer
  let from = 0
  let taken: B | null = null
  return {
    ...consumer,
    async next(after, events) {
      from = now()
      taken = await consumer.next(after, events)
      return taken
    },
    committed() {
      consumer.committed?.()
      if (taken === null) return
      const { first, last } = taken
      tracing.batch({
        ...{ name: consumer.name, from, to: now() },
        traceparents: eventsOf(taken).flatMap(({ trace }) => trace ?? []),
        attributes: { 'questline.first_offset': first, 'questline.last_offset': last },
      })
    },
  }
}

/** The same for what takes records of Kafka, which bear their trace as a header. */
export function tracedStep(
  name: string,
  step: Step,
  tracing: Tracing | null,
  now: () => number,
): Step {
  if (tracing === null) return step
  return {
    ...step,
    async take(taken) {
      const from = now()
      await step.take(taken)
      const records = taken.flatMap((each) => each.records)
      tracing.batch({
        ...{ name, from, to: now(), attributes: { 'questline.records': records.length } },
        traceparents: records.flatMap(({ headers }) => headers.get('traceparent') ?? []),
      })
    },
  }
}
