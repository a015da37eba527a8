import { REPORT, REPORT_RUNS, REPORTS, RUN_PIPELINE } from '@questline/contracts'
import type { Folder, Step } from './step.ts'

const operator = { bearer: '{{operatorKey}}' }

const making: readonly Step[] = [
  {
    name: 'Make the reports',
    about: 'Of the CSV files in the data folder of the server.',
    route: RUN_PIPELINE,
    ...operator,
    checks: {
      'went well': "pm.expect([json.ok, json.returncode, json.stderr]).to.eql([true, 0, ''])",
      'says what it did': "pm.expect(json.stdout).to.include('rows in')",
    },
    keep: { reportRun: 'json.run' },
  },
  {
    name: 'Make the reports from this machine without a key',
    about: 'A door of development servers; production asks for an operator key.',
    route: RUN_PIPELINE,
    bearer: null,
    checks: {
      'is another run': "pm.expect(json.run > pm.variables.get('reportRun')).to.equal(true)",
    },
    keep: { reportRun: 'json.run' },
  },
  {
    name: 'Make the reports of a day that does not exist',
    route: RUN_PIPELINE,
    ...operator,
    query: [['date', '2026-02-30']],
    problem: 'invalid-request',
  },
]

const reading: readonly Step[] = [
  {
    name: 'List the reports',
    route: REPORTS,
    ...operator,
    checks: {
      'are those of the run': "pm.expect(json.run).to.equal(pm.variables.get('reportRun'))",
      'are these':
        "pm.expect(json.reports.map(({ name }) => name)).to.include.members(['report', 'roas_d1', 'reconciliation', 'purchases_curated'])",
    },
    keep: { reportDate: 'json.date' },
  },
  {
    name: 'List the runs of the reports',
    route: REPORT_RUNS,
    ...operator,
    checks: {
      'begins with the newest':
        "pm.expect([json.runs[0].run, json.runs[0].status]).to.eql([pm.variables.get('reportRun'), 'finished'])",
    },
  },
  {
    name: 'Read a report',
    about: 'With `Accept: text/csv` the same as CSV.',
    route: REPORT,
    params: { name: 'roas_d1' },
    ...operator,
    checks: {
      'is a list': "pm.expect(json).to.be.an('array')",
      'names its content': 'pm.expect(header(\'ETag\')).to.match(/^"[0-9a-f]{64}"$/)',
    },
  },
  {
    name: 'Read how a report was made',
    route: REPORT,
    params: { name: 'run' },
    query: [['date', '{{reportDate}}']],
    ...operator,
    checks: { 'is of that day': "pm.expect(json.date).to.equal(pm.variables.get('reportDate'))" },
  },
]

const refused: readonly Step[] = [
  {
    name: 'Read a report of a day without a run',
    route: REPORT,
    params: { name: 'roas_d1' },
    query: [['date', '1999-01-01']],
    ...operator,
    problem: 'no-report',
    checks: { 'says how to make it': "pm.expect(json.detail).to.include('/run-pipeline')" },
  },
  {
    name: 'Read a report that does not exist',
    route: REPORT,
    params: { name: 'horoscope' },
    ...operator,
    problem: 'not-found',
  },
  {
    name: 'Read a CSV report as JSON',
    route: REPORT,
    params: { name: 'purchases_curated' },
    headers: { Accept: 'application/json' },
    ...operator,
    problem: 'not-acceptable',
  },
  {
    name: 'Read a report as a player',
    route: REPORT,
    params: { name: 'roas_d1' },
    problem: 'forbidden',
  },
  { name: 'List the reports as a player', route: REPORTS, problem: 'forbidden' },
  {
    name: 'List the runs of the reports without a key',
    route: REPORT_RUNS,
    bearer: null,
    problem: 'unauthenticated',
  },
]

export const REPORTS_FOLDER: Folder = {
  name: 'Reports',
  about: 'Make the daily reports and read them. Needs the four CSV files in the data folder.',
  steps: [...making, ...reading, ...refused],
}
