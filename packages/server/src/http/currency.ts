import { ProblemError } from '@questline/contracts'
import type { HttpSettings } from './parts.ts'

/** The currency that a request means; the default one when it names none. */
export function currencyOf(settings: HttpSettings, named: string | undefined, pointer: string) {
  if (named === undefined) return settings.defaultCurrency
  const { currencies } = settings
  if (currencies.length === 0 || currencies.includes(named)) return named
  throw new ProblemError('invalid-request', {
    errors: [{ pointer, detail: `is not one of ${currencies.join(', ')}` }],
  })
}
