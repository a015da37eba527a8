import type { Rows } from './rows-to-csv.ts'

export type ReportFile = {
  readonly name: string
  readonly file: string
  readonly about: string
  /** The media types that it can be read as, the default first. */
  readonly types: readonly string[]
  /** Of a JSON report that can be read as CSV. */
  readonly rows?: Rows
}

const JSON_TYPE = 'application/json'
const CSV = 'text/csv'

/** Every report, in the order in which people read them. */
export const REPORT_FILES: readonly ReportFile[] = [
  {
    name: 'report',
    file: 'report.html',
    about: 'One page for people: headline numbers, ROAS, anomalies, discrepancies, rejected rows.',
    types: ['text/html'],
  },
  {
    name: 'roas_d1',
    file: 'roas_d1.json',
    about: 'Revenue, cost and their ratio per campaign on D-1.',
    types: [JSON_TYPE, CSV],
    rows: {
      in: 'document',
      columns: ['date', 'campaign', 'revenue_usd', 'ad_cost_usd', 'roas', 'status'],
    },
  },
  {
    name: 'roas_anomaly',
    file: 'roas_anomaly.json',
    about: 'Each campaign of D-1 against its seven days before, with a reason and a suggestion.',
    types: [JSON_TYPE, CSV],
    rows: {
      in: 'document',
      columns: [
        'date',
        'campaign',
        'roas_d1',
        'avg7',
        'days',
        'anomaly',
        'severity',
        'reason',
        'suggestion',
      ],
    },
  },
  {
    name: 'arpdau_d1',
    file: 'arpdau_d1.json',
    about: 'Revenue per daily active user on D-1, per campaign and over all.',
    types: [JSON_TYPE, CSV],
    rows: { in: 'document', columns: ['date', 'campaign', 'revenue_usd', 'dau', 'arpdau'] },
  },
  {
    name: 'reconciliation',
    file: 'reconciliation.json',
    about: 'Purchases against confirmed purchases, one by one; as CSV its details.',
    types: [JSON_TYPE, CSV],
    rows: {
      in: 'field',
      columns: [
        'type',
        'appsflyer_id',
        'af_event_time_utc',
        'cf_event_time_utc',
        'event_time_utc',
        'revenue_usd',
        'confirmed_revenue_usd',
        'receipt_id',
        'rule',
        'seconds_apart',
        'flags',
      ],
    },
  },
  {
    name: 'purchases_curated',
    file: 'purchases_curated.csv',
    about: 'The purchases that count, with what happened to each.',
    types: [CSV],
  },
  {
    name: 'rejected_rows',
    file: 'rejected_rows.csv',
    about: 'Rows that could not be read: file, line, reason, text.',
    types: [CSV],
  },
  {
    name: 'run',
    file: 'run.json',
    about: 'How the reports were made: inputs, the balance of rows, D-1 and why, versions.',
    types: [JSON_TYPE],
  },
]

/** By its name, or by the name of its file. */
export const reportFile = (name: string): ReportFile | undefined =>
  REPORT_FILES.find((report) => report.name === name || report.file === name)
