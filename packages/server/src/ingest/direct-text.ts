import { type Delivery, type NewGameEvent, storedText } from '../log/log.ts'

/**
 * An event that does not go through the books, as it lies on Kafka: what the log would store of it,
 * without an offset, and with what tells a second one of its id from a copy.
 */
export function directText(delivery: Delivery, event: NewGameEvent): string {
  const fingerprint = Buffer.from(event.fingerprint, 'latin1').toString('hex')
  return `{"fingerprint":"${fingerprint}"${storedText(delivery, event)}`
}
