import { findErrorBy, MultipleErrors } from '@platformatic/kafka'
import { KafkaUnavailable } from './port.ts'

/** What the client says, as one of ours. */
export const unavailable = (what: string, cause: unknown): KafkaUnavailable =>
  cause instanceof KafkaUnavailable
    ? cause
    : new KafkaUnavailable(`${what}: ${messageOf(cause)}`, cause)

/** The reason of the last attempt, with what lies behind it: why a connection failed says only its cause. */
function messageOf(error: unknown): string {
  if (error instanceof MultipleErrors || error instanceof AggregateError) {
    const last: unknown = error.errors.at(-1)
    if (last !== undefined) return messageOf(last)
  }
  if (!(error instanceof Error)) return String(error)
  const { message, cause } = error
  return cause instanceof Error ? `${message.replace(/\.$/, '')}: ${messageOf(cause)}` : message
}

export const isBrokerError = (error: unknown, apiId: string): boolean =>
  error instanceof Error && findErrorBy(error, 'apiId', apiId) !== null

/** Runs something of the client, whose failures become ours. */
export async function reaching<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw unavailable(what, error)
  }
}
