import { isCurrencyCode } from '@questline/contracts'
import { Ajv } from 'ajv'
import ajvFormats from 'ajv-formats'
import type { FastifyInstance } from 'fastify'

const LONE_SURROGATE_OR_NUL = (text: string): boolean => text.includes('\0') || !text.isWellFormed()

/** ISO 8601, a date or a date with a time; no zone means UTC. NaN when it is no such instant. */
export function parseClientTime(text: string): number {
  const parts =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/i.exec(
      text,
    )
  if (!parts) return Number.NaN
  const [, day = '', time = '00:00', zone = 'Z'] = parts
  // `Date` reads 2026-02-30 as 2 March: a day that does not come back was none.
  const midnight = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day)) return Number.NaN
  return Date.parse(`${day}T${time}${zone.toUpperCase().replace(/^([+-]\d{2})(\d{2})$/, '$1:$2')}`)
}

function createAjv(coerceTypes: boolean): Ajv {
  const ajv = new Ajv({
    coerceTypes,
    removeAdditional: false,
    useDefaults: true,
    allErrors: true,
    allowUnionTypes: true,
  })
  // The default export of this CommonJS package is its `default` property under Node.
  ajvFormats.default(ajv, ['date-time'])
  ajv.addFormat('text', (text: string) => !LONE_SURROGATE_OR_NUL(text))
  ajv.addFormat('iso-4217', isCurrencyCode)
  ajv.addFormat('client-time', (text: string) => !Number.isNaN(parseClientTime(text)))
  return ajv
}

/**
 * A body is checked as it is: "5" is no number and an unknown field is an error, never dropped.
 * Query and path are text by nature, so there numbers are read from it.
 */
export function validateRequests(app: FastifyInstance): void {
  const strict = createAjv(false)
  const reading = createAjv(true)
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? strict : reading).compile(schema as object),
  )
}
