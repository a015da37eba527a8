import { Type } from 'typebox'
import { serverFamily } from '../family.ts'

/** Decimal text, since a rate is multiplied with micros exactly. */
const Rate = {
  type: 'string',
  pattern: '^(?:0|[1-9][0-9]{0,11})(?:\\.[0-9]{1,12})?$',
  description: 'US dollars for one unit of the currency, as a plain decimal.',
}

export const RATES = serverFamily({
  name: 'rates',
  version: '1-0-0',
  description:
    'Exchange rates of one UTC day were imported. They restate the amounts of that day, and replace those that came before for the same currency.',
  fields: {
    date: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'The UTC day.' }),
    usd_per_unit: Type.Unsafe<Readonly<Record<string, string>>>({
      type: 'object',
      minProperties: 1,
      propertyNames: { type: 'string', pattern: '^[A-Z]{3}$' },
      additionalProperties: Rate,
      description: 'By ISO 4217 code.',
    }),
  },
  example: { date: '2026-03-01', usd_per_unit: { EUR: '1.0832', JPY: '0.006641' } },
})
