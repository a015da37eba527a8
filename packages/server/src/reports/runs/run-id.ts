import type { Random } from '../../platform/platform.ts'

const FORM = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{3})Z-[0-9a-f]{8}$/

export const isRunId = (text: string): boolean => FORM.test(text)

/**
 * A new id that sorts behind `newest`, as `20260301T003000000Z-1f0c9a7b`: the time, and something
 * random, so that ids of several machines differ. A clock that went back does not bring it out of order.
 */
export function createRunId(now: number, random: Random, newest: string | undefined): string {
  const at = Math.max(now, newest === undefined ? 0 : timeOf(newest) + 1)
  const digits = new Date(at).toISOString().replace(/[-:.]/g, '')
  return `${digits}-${random.bytes(4).toString('hex')}`
}

/** Milliseconds since the epoch at which a run began, by its id. */
export function timeOf(id: string): number {
  const [, year, month, day, hour, minute, second, fraction] = FORM.exec(id) ?? []
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction}Z`)
}
