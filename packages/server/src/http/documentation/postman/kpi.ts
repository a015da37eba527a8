import { KPI_DAYS, KPI_HOURS, KPI_MINUTES, KPI_STREAM, LOSS, QUALITY } from '@questline/contracts'
import type { Folder, Step } from './step.ts'

const operator = { bearer: '{{operatorKey}}' }

const steps: readonly Step[] = [
  {
    name: 'Read the minutes of the last hour',
    route: KPI_MINUTES,
    ...operator,
    checks: {
      'is a list': "pm.expect(json.minutes).to.be.an('array')",
      'is of an hour': 'pm.expect(Date.parse(json.to) - Date.parse(json.from)).to.equal(3600000)',
    },
  },
  {
    name: 'Read the revenue of hours in one country',
    route: KPI_HOURS,
    ...operator,
    query: [
      ['from', '2026-03-01T00:00:00Z'],
      ['to', '2026-03-02T00:00:00Z'],
      ['country', 'PT'],
      ['metric', 'revenue_usd_micros'],
    ],
    checks: {
      'is of that day': "pm.expect(json.from).to.equal('2026-03-01T00:00:00.000Z')",
      'has hours': "pm.expect(json.hours).to.be.an('array')",
    },
  },
  {
    name: 'Read the days of a month',
    route: KPI_DAYS,
    ...operator,
    query: [
      ['from', '2026-03-01'],
      ['to', '2026-04-01'],
    ],
    checks: { 'has days': "pm.expect(json.days).to.be.an('array')" },
  },
  {
    name: 'Read more windows than one answer has',
    route: KPI_MINUTES,
    ...operator,
    query: [
      ['from', '2026-01-01'],
      ['to', '2026-03-01'],
    ],
    problem: 'invalid-request',
  },
  {
    name: 'Read the numbers as a player',
    route: KPI_MINUTES,
    problem: 'forbidden',
  },
  {
    name: 'Follow the minutes from an id that is none',
    about: 'Without the header, or with the id of an event, it is a stream that does not end.',
    route: KPI_STREAM,
    ...operator,
    headers: { 'Last-Event-ID': 'the last one' },
    problem: 'malformed-request',
  },
  {
    name: 'Read what arrived in the last hour, and what became of it',
    route: QUALITY,
    ...operator,
    checks: {
      'adds up':
        'json.minutes.forEach((of) => pm.expect(of.received).to.equal(of.accepted + of.duplicates + of.conflicts + of.rejected))',
    },
  },
  {
    name: 'Read what was lost on the way',
    route: LOSS,
    ...operator,
    checks: { 'is a list': "pm.expect(json).to.be.an('array')" },
  },
]

export const KPI_FOLDER: Folder = {
  name: 'Live numbers',
  about:
    'Purchases, revenue, users, matches and events per minute, hour and day, and what was lost.',
  steps,
}
