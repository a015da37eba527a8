// report.html: the reports of one run as one page for people, which can be mailed and printed. It asks
// no network and runs no script, stays below 300 KB whatever the data, and is the same for rows in any
// order. Every number is there twice: rounded to be read, and exact in `<data data-of value>`.
import { HISTORY_DAYS } from '../anomaly/anomaly.ts'
import { formatDay } from '../cells/cells.ts'
import { putText, writeLines } from '../print/print.ts'
import { D1_REASONS, type Output } from '../runs/runs.ts'
import { anomaliesSection } from './anomalies-section.ts'
import { daysByCampaign } from './days-by-campaign.ts'
import { discrepanciesSection } from './discrepancies-section.ts'
import { headline } from './headline.ts'
import { headlineSection } from './headline-section.ts'
import { type Html, html } from './html.ts'
import type { PageData } from './page-data.ts'
import { reconciliationSection } from './reconciliation-section.ts'
import { roasSection } from './roas-section.ts'
import { rowsSection } from './rows-section.ts'
import { STYLE } from './style.ts'

export { type Details, type DetailsReading, readDetails } from './details.ts'
export type { PageData } from './page-data.ts'
export { FILTER_REASONS, REJECT_REASONS } from './reasons.ts'

/** Writes `report.html`. */
export async function writePage(path: string, data: PageData): Promise<Output> {
  const { day, reason } = data.d1
  const { details } = data
  const daysOf = daysByCampaign(data.byDay, day)
  const week = `${formatDay(day - HISTORY_DAYS)} to ${formatDay(day)}`
  const page = document(day, D1_REASONS[reason], [
    headlineSection(headline(data, details), data),
    anomaliesSection(data.anomalies, daysOf),
    roasSection(data.anomalies, daysOf, week),
    reconciliationSection(data.summary, details),
    discrepanciesSection(data.summary, details),
    rowsSection(data),
  ])
  return writeLines(path, (file) => putText(file, page.html))
}

const document = (day: number, why: string, sections: readonly Html[]): Html =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Daily report of ${formatDay(day)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Daily report <time datetime="${formatDay(day)}">${dayInWords(day)}</time></h1>
<p>D-1 is ${formatDay(day)}, ${why}. Days are UTC, money is US dollars.</p>
</header>
<main>${sections}
</main>
<footer>
<p>ROAS is revenue ÷ ad cost, ARPDAU revenue ÷ daily active users. The mean of a number is that of the seven days before D-1 for which there is one. Numbers are rounded here; the JSON and CSV files beside this page have them in full, and names that are shortened here.</p>
</footer>
</body>
</html>
`

const WEEKDAYS = ['Thursday', 'Friday', 'Saturday', 'Sunday', 'Monday', 'Tuesday', 'Wednesday']
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September'],
  ...['October', 'November', 'December'],
]

/** As `Tuesday 10 March 2026`; day 0 was a Thursday. */
function dayInWords(day: number): string {
  const [year = '', month = '', date = ''] = formatDay(day).split('-')
  const weekday = WEEKDAYS[((day % 7) + 7) % 7] ?? ''
  return `${weekday} ${Number(date)} ${MONTHS[Number(month) - 1]} ${year}`
}
