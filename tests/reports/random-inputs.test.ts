import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filesOf, type RandomInput, randomInput, reordered, shownInput } from './random-inputs.ts'
import type { FilterReason, RejectReason } from './recomputation/fates.ts'
import { type Recomputed, recompute } from './recomputation/recomputation.ts'

/** More than the usual number, for a long run. */
const INPUTS = Number(process.env['REPORT_INPUTS'] ?? 300)
const INPUT_MS_MAX = 200

const run = (input: RandomInput): Recomputed => recompute(filesOf(input), input.parameters)

describe('for random inputs', () => {
  it(
    'every row ends in one place',
    () => {
      checkEach((input) => {
        for (const { rowsIn, kept, duplicates, filtered, rejected } of run(input).balance) {
          expect(kept + duplicates + filtered + rejected).toBe(rowsIn)
        }
      })
    },
    INPUTS * INPUT_MS_MAX,
  )

  it(
    'any order of rows gives the same bytes',
    () => {
      const order = fc.array(fc.nat(9), { minLength: 2, maxLength: 30 })
      fc.assert(
        fc.property(randomInput, order, (random, order) => {
          const input = withoutOpenQuotes(random)
          const [one, other] = [run(input), run(reordered(input, order))]
          const rejected = 'rejected_rows.csv'
          expect({ ...other.files, [rejected]: '' }).toEqual({ ...one.files, [rejected]: '' })
          expect(other.balance).toEqual(one.balance)
          expect(other.day).toEqual(one.day)
          const withoutLines = ({ rejected }: Recomputed): unknown =>
            rejected.map(({ file, reason, raw }) => [file, reason, raw])
          expect(withoutLines(other)).toEqual(withoutLines(one))
        }),
        { numRuns: INPUTS },
      )
    },
    INPUTS * INPUT_MS_MAX,
  )

  it(
    'every reason, flag and verdict comes up',
    () => {
      const seen = new Set<string>()
      // A fixed seed: what is missing would be missing every time.
      const inputs = fc.sample(randomInput, { numRuns: 1_500, seed: 20_260_310 })
      for (const input of inputs) for (const mark of marksOf(run(input))) seen.add(mark)
      expect(MARKS.filter((mark) => !seen.has(mark))).toEqual([])
    },
    1_500 * INPUT_MS_MAX,
  )
})

/** A quote that stays open takes in whatever row comes next: with it, the order makes the rows. */
function withoutOpenQuotes(input: RandomInput): RandomInput {
  const closed = (file: RandomInput['costs']): RandomInput['costs'] => ({
    ...file,
    rows: file.rows.map(({ cells, quirk }) => ({
      cells,
      quirk: quirk === 'unclosed' ? 'text behind quote' : quirk,
    })),
  })
  return {
    ...input,
    purchases: closed(input.purchases),
    confirmations: closed(input.confirmations),
    costs: closed(input.costs),
    sessions: closed(input.sessions),
  }
}

function checkEach(check: (input: RandomInput) => void): void {
  const property = fc.property(randomInput, (input) => {
    try {
      check(input)
    } catch (error) {
      throw new Error(shownInput(input), { cause: error })
    }
  })
  fc.assert(property, { numRuns: INPUTS })
}

/** What an output shows of the rules. */
function marksOf({ balance, curated, details, roas, anomalies, day, files }: Recomputed): string[] {
  const suggestions = anomalies.flatMap(({ suggestion }) => suggestion ?? [])
  return [
    ...balance.flatMap(({ filteredBy, rejectedBy, duplicates, file }) => [
      ...Object.keys({ ...filteredBy, ...rejectedBy }),
      ...(duplicates > 0 ? [`duplicates in ${file}`] : []),
    ]),
    ...curated.flatMap(({ flags }) => flags),
    ...details.flatMap(({ type, rule, flags }) => [type, `by ${rule}`, ...flags]),
    ...roas.map(({ status }) => `roas ${status}`),
    ...anomalies.flatMap(({ reason, severity }) => [reason, String(severity)]),
    ...suggestions.map((text) => (text.split('. ').at(-1) ?? '').replace(/[0-9.]+ USD/, 'N USD')),
    ...suggestions.flatMap((text) => (text.includes(' took ') ? ['took'] : [])),
    ...(details.some(({ microsecondsApart }) => microsecondsApart === 600_000_000n)
      ? ['edge']
      : []),
    ...(files['reconciliation.json'].includes('"amount_mismatch":0') ? [] : ['amount mismatch']),
    day.reason,
  ]
}

const REASONS: Readonly<Record<RejectReason | FilterReason, true>> = {
  'quote-fault': true,
  'wrong-cell-count': true,
  'invalid-utf8': true,
  'nul-byte': true,
  'line-too-long': true,
  'empty-appsflyer-id': true,
  'empty-user-id': true,
  'unreadable-time': true,
  'unreadable-date': true,
  'unreadable-money': true,
  'ambiguous-number': true,
  'money-out-of-range': true,
  'not-success': true,
  'not-a-purchase': true,
  chargeback: true,
  'false-success': true,
}

const MARKS = [
  // A line of a megabyte is shown by an example alone.
  ...Object.keys(REASONS).filter((reason) => reason !== 'line-too-long'),
  ...['duplicates in purchases_raw.csv', 'duplicates in confirmed_purchases.csv'],
  'duplicates in sessions.csv',
  ...['campaign_differs', 'chargeback', 'duplicate_receipt', 'receipt_on_two_players'],
  ...['matched', 'af_only', 'confirmed_only', 'by receipt', 'by time', 'edge', 'amount mismatch'],
  ...['junk_receipt', 'outside_window', 'receipt_mismatch'],
  ...['roas ok', 'roas no_revenue', 'roas no_cost'],
  ...['roas_below_half_of_average', 'no_revenue', 'ok', 'no_cost', 'insufficient_history'],
  ...['critical', 'warning', 'undefined', 'took'],
  'Look at the charged-back purchases before you change the budget.',
  'Check the link, the store page and the tracking before you spend more.',
  'Go back to N USD a day until revenue recovers.',
  'The spend brings players who buy less: check audience, creatives and the shop.',
  ...['asked', 'yesterday', 'second-newest-day', 'only-day'],
  ...['newest-cost-day', 'no-data'],
]
