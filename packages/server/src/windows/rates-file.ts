import { isCurrencyCode } from '@questline/contracts'
import { parseRate } from './rates.ts'

/** A file of rates that cannot be used, with the lines at fault. */
export class RatesFileError extends Error {}

export type RatesOfDay = {
  /** YYYY-MM-DD, a UTC day. */
  readonly date: string
  /** Plain decimals by ISO 4217 code. */
  readonly usdPerUnit: Readonly<Record<string, string>>
}

const HEADER = 'date,currency,usd_per_unit'
const FAULTS_SHOWN = 10

/**
 * The days of a CSV file with the columns `date,currency,usd_per_unit`, in their order. US dollars
 * are 1 and need not stand there.
 * @throws RatesFileError
 */
export function readRates(text: string): readonly RatesOfDay[] {
  const [header = '', ...lines] = text.replace(/^\ufeff/, '').split(/\r?\n/)
  if (header.trim().toLowerCase() !== HEADER) {
    throw new RatesFileError(`its first line is "${header.slice(0, 100)}", not ${HEADER}`)
  }
  const days = new Map<string, Map<string, string>>()
  const faults: string[] = []
  lines.forEach((line, index) => {
    if (line.trim() === '') return
    const fault = takeLine(days, line)
    if (fault !== null) faults.push(`line ${index + 2}: ${fault}`)
  })
  if (faults.length > 0) throw new RatesFileError(textOf(faults))
  if (days.size === 0) throw new RatesFileError('it has no rates')
  return [...days]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([date, rates]) => ({ date, usdPerUnit: Object.fromEntries(rates) }))
}

function textOf(faults: readonly string[]): string {
  const more = faults.length - FAULTS_SHOWN
  const shown = faults.slice(0, FAULTS_SHOWN).join('; ')
  return more > 0 ? `${shown}; and ${more} more` : shown
}

/** Null when the line is good and taken. */
function takeLine(days: Map<string, Map<string, string>>, line: string): string | null {
  const [date = '', currency = '', rate = '', ...more] = line.split(',').map((cell) => cell.trim())
  if (more.length > 0) return 'it has more than three columns'
  if (!isDay(date)) return `"${date}" is no day such as 2026-03-01`
  if (!isCurrencyCode(currency)) return `"${currency}" is no ISO 4217 code`
  if (parseRate(rate) === null)
    return `"${rate}" is no plain decimal above 0 with up to 12 digits on each side`
  if (currency === 'USD') return Number(rate) === 1 ? null : 'a US dollar is 1 US dollar'
  const rates = days.get(date) ?? new Map<string, string>()
  if ((rates.get(currency) ?? rate) !== rate) return `${currency} has two rates on ${date}`
  days.set(date, rates.set(currency, rate))
  return null
}

function isDay(text: string): boolean {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text)
}
