import { expect, it } from 'vitest'
import type { GoodRun } from './run-summary.ts'
import { summaryText } from './summary-text.ts'

const RUN = {
  date: '2026-03-02',
  d1: { reason: 'asked' },
  inputs: [],
  anomalies: { critical: 0, warning: 999 },
  notes: [],
}

it('counts are told by thousands', () => {
  const reconciliation = { matched: 1_000, af_only: 12_345, confirmed_only: 1_234_567 }
  expect(summaryText({ ...RUN, reconciliation } as unknown as GoodRun)).toBe(
    [
      'D-1 is 2026-03-02, as asked',
      'reconciliation: 1,000 matched, 12,345 af_only, 1,234,567 confirmed_only',
      'anomalies: 0 critical, 999 warning',
    ].join('\n'),
  )
})
