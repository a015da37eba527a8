import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { readInputZone, UTC } from '../cells/cells.ts'
import { scanCsv } from '../input/input.ts'
import type { RejectedRow } from '../runs/runs.ts'
import { hashBytes, textOf } from '../texts/texts.ts'
import {
  type Inspector,
  type InspectSettings,
  inspectConfirmations,
  inspectCosts,
  inspectPurchases,
  inspectSessions,
  type PurchaseFindings,
  type SaleRows,
} from './inspect.ts'

const folder = mkdtempSync(join(tmpdir(), 'inspect-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What an inspector finds in these lines, and the rows that it rejects; line 1 is the header. */
async function inspect<Columns, Findings>(
  inspector: (at: Columns, settings: InspectSettings) => Inspector<Findings>,
  at: Columns,
  lines: readonly string[],
  changes: Partial<InspectSettings> = {},
): Promise<{ readonly found: Findings; readonly rejected: readonly RejectedRow[] }> {
  let rejected: RejectedRow[] = []
  const begin = (fileBytes: number) => {
    rejected = []
    const onRejected = (row: RejectedRow): void => void rejected.push(row)
    const settings = { delimiter: ',', fileBytes, zone: UTC, badReceipt: null, onRejected }
    return inspector(at, { ...settings, ...changes })
  }
  const path = join(folder, 'some.csv')
  const columns = (lines[0] ?? '').replace(/"[^"]*"/g, '').split(',').length
  writeFileSync(path, [Array(columns).fill('name').join(','), ...lines].join('\n'))
  let inspecting = begin(0)
  await scanCsv(path, {
    onBegin(fileBytes) {
      inspecting = begin(fileBytes)
    },
    onUnreadable: (row) => expect.unreachable(row.raw),
    onRecord: (record, bytes, base) => inspecting.record(record, bytes, base),
  })
  return { found: inspecting.finish(), rejected }
}

/** The rows of a file that may be kept, as values. */
const rowsOf = ({ rows }: { readonly rows: SaleRows }) =>
  Array.from({ length: rows.count }, (_value, row) => ({
    player: textOf(rows.playerTexts, rows.players[row] ?? -1),
    instant: rows.instants[row],
    micros: rows.micros[row],
    receipt: textOf(rows.receiptTexts, row),
  }))
const kindsOf = ({ rows, kindNumbers, kinds }: PurchaseFindings) =>
  Array.from({ length: rows.count }, (_value, row) => kinds[kindNumbers[row] ?? -1])
/** The receipts that are taken back, by their hash, and the player that is named. */
const backOf = ({ chargebacks, rows }: PurchaseFindings) =>
  chargebacks.map(({ receipt, player }) => [
    receipt,
    player < 0 ? null : textOf(rows.playerTexts, player),
  ])
const hashOf = (text: string): readonly number[] => {
  const halves = new Int32Array(2)
  const bytes = Buffer.from(text)
  hashBytes(bytes, 0, bytes.length, halves, 0)
  return [...halves]
}

/** Line and reason of each rejected row. */
const reasons = (rejected: readonly RejectedRow[]) => rejected.map((row) => [row.line, row.reason])

const TIME = '2026-03-04T15:16:17Z'
const INSTANT = 1_772_637_377_000_000
const purchase = (changes: Readonly<Record<string, string>> = {}): string => {
  const cells = { player: 'P1', event: 'purchase', time: TIME, amount: '4.99', campaign: 'Spring' }
  return Object.values({ ...cells, receipt: 'R1', status: 'success', ...changes }).join(',')
}
const PURCHASE_COLUMNS = {
  ...{ player: 0, event: 1, time: 2, amount: 3, campaign: 4, receipt: 5, status: 6 },
  eventValue: null,
}
const purchases = (lines: readonly string[], changes: Partial<InspectSettings> = {}) =>
  inspect(inspectPurchases, PURCHASE_COLUMNS, lines, changes)

describe('a purchase', () => {
  it('of plain cells is a candidate', async () => {
    const { found, rejected } = await purchases([
      purchase(),
      purchase({ event: 'af_purchase', player: 'P2', amount: '1234.5', receipt: '' }),
    ])
    expect(rejected).toEqual([])
    expect(found).toMatchObject({ records: 2, chargebacks: [] })
    expect(rowsOf(found)).toEqual([
      { player: 'P1', instant: INSTANT, micros: 4_990_000, receipt: 'R1' },
      { player: 'P2', instant: INSTANT, micros: 1_234_500_000, receipt: '' },
    ])
    const kind = { status: 'success', campaign: 'Spring', campaignKey: 'SPRING' }
    expect(kindsOf(found)).toEqual([
      { ...kind, event: 'purchase', folded: 'purchase' },
      { ...kind, event: 'af_purchase', folded: 'af_purchase' },
    ])
    expect([found.rows.hasOddIds, ...found.rows.receipts.subarray(0, 4)]).toEqual([
      ...[false, ...hashOf('R1')],
      ...[0, 0],
    ])
  })

  it('starts at a place of its file', async () => {
    const { found } = await purchases([purchase(), purchase({ status: 'SUCCESS' }), purchase()])
    const line = purchase().length + 1
    const header = 'name,'.length * 7
    expect([...found.rows.places.subarray(0, 3)]).toEqual([
      header,
      header + line,
      header + 2 * line,
    ])
  })

  it('has the first fate that applies', async () => {
    const all = { player: '', time: 'x', amount: 'y' }
    const { found, rejected } = await purchases([
      purchase({ ...all, event: 'install', status: 'failed' }),
      purchase({ ...all, event: 'install', status: 'chargeback' }),
      purchase({ ...all, event: 'install' }),
      purchase({ ...all }),
      purchase({ time: 'x', amount: 'y' }),
      purchase({ amount: 'y' }),
      purchase({ amount: '1e9' }),
      purchase({ amount: '1000000000' }),
      purchase({ amount: '-0' }),
      purchase({ amount: '-4.99' }),
    ])
    expect(found.filtered).toEqual(
      new Map([
        ['not-success', 1],
        ['chargeback', 1],
        ['not-a-purchase', 1],
        ['false-success', 2],
      ]),
    )
    expect(reasons(rejected)).toEqual([
      [5, 'empty-appsflyer-id'],
      [6, 'unreadable-time'],
      [7, 'unreadable-money'],
      [8, 'unreadable-money'],
      [9, 'money-out-of-range'],
    ])
    expect(rejected[1]?.raw).toBe('P1,purchase,x,y,Spring,R1,success')
    expect([found.records, found.rows.count, found.kinds]).toEqual([10, 0, []])
  })

  it('may spell status, event and campaign in any way', async () => {
    const { found } = await purchases([
      purchase({ status: ' SUCCESS', event: 'AF_Purchase ', campaign: ' spring' }),
      purchase({ campaign: '' }),
    ])
    expect(kindsOf(found)).toMatchObject([
      { status: ' SUCCESS', event: 'AF_Purchase ', folded: 'af_purchase' },
      { status: 'success', campaign: '', campaignKey: '(NONE)' },
    ])
    expect(kindsOf(found)[0]).toMatchObject({ campaign: ' spring', campaignKey: 'SPRING' })
  })

  it('may have times and amounts of any readable shape', async () => {
    const { found, rejected } = await purchases([
      purchase({ time: '2026-03-04 15:16' }),
      purchase({ amount: '$4.99', time: `${TIME} ` }),
      purchase({ amount: 'free' }),
    ])
    expect(rowsOf(found).map(({ instant, micros }) => [instant, micros])).toEqual([
      [INSTANT - 17_000_000, 4_990_000],
      [INSTANT, 4_990_000],
    ])
    expect(reasons(rejected)).toEqual([[4, 'unreadable-money']])
  })

  it('has a time without zone read in the zone that is said', async () => {
    const zone = readInputZone('+01:00')
    const lines = [purchase(), purchase({ time: '2026-03-04 15:16:17' })]
    const instants = async (changes: Partial<InspectSettings> | undefined) =>
      rowsOf((await purchases(lines, changes)).found).map(({ instant }) => instant)
    expect(await instants(zone && { zone })).toEqual([INSTANT, INSTANT - 3_600_000_000])
    expect(await instants({})).toEqual([INSTANT, INSTANT])
  })

  it('has clean ids, and it is known that there were others', async () => {
    for (const [changes, player, receipt, isOdd] of [
      [{ player: ' P1' }, 'P1', 'R1', true],
      [{ receipt: 'R1\u00a0' }, 'P1', 'R1', true],
      [{ receipt: 'N/A' }, 'P1', '', true],
      [{ receipt: '' }, 'P1', '', false],
      [{ receipt: 'R1', status: ' success' }, 'P1', 'R1', false],
    ] as const) {
      const { found } = await purchases([purchase(changes)])
      expect(rowsOf(found)).toMatchObject([{ player, receipt }])
      expect([...found.rows.receipts.subarray(0, 2)]).toEqual(receipt ? hashOf(receipt) : [0, 0])
      expect(found.rows.hasOddIds).toBe(isOdd)
    }
    expect(reasons((await purchases([purchase({ player: 'null' })])).rejected)).toEqual([
      [2, 'empty-appsflyer-id'],
    ])
  })

  it('with a bad receipt is no sale', async () => {
    const lines = [purchase({ receipt: 'TEST-1' }), purchase({ receipt: '' }), purchase()]
    const { found } = await purchases(lines, { badReceipt: /^TEST/ })
    expect(found.filtered).toEqual(new Map([['false-success', 1]]))
    expect(rowsOf(found).map(({ receipt }) => receipt)).toEqual(['', 'R1'])
  })

  it('has a bad receipt by its text, not by its bytes', async () => {
    const lines = [purchase({ receipt: '"TE""ST"' }), purchase({ receipt: '"TEST"' })]
    const { found } = await purchases(lines, { badReceipt: /^TE"?ST/ })
    expect([found.rows.count, ...found.filtered]).toEqual([0, ['false-success', 2]])
  })

  it('is one of many, in a file of short rows', async () => {
    const lines = Array.from({ length: 3_000 }, (_value, n) =>
      [`P${n % 7}`, 'purchase', TIME, `${n + 1}`, 'S', n % 2 ? `R${n}` : '', 'success'].join(','),
    )
    const { found } = await purchases(lines)
    expect(rowsOf(found)).toEqual(
      lines.map((_line, n) => ({
        ...{ player: `P${n % 7}`, instant: INSTANT, micros: (n + 1) * 1e6 },
        receipt: n % 2 ? `R${n}` : '',
      })),
    )
    expect(found.rows.playerTexts.count).toBe(7)
    for (let row = 1; row < 3_000; row += 2) {
      const halves = found.rows.receipts.subarray(row * 2, row * 2 + 2)
      expect([...halves]).toEqual(hashOf(`R${row}`))
    }
  })

  it('is taken back by status and receipt alone', async () => {
    const { found, rejected } = await purchases([
      purchase({ status: ' Chargeback', time: '', amount: '', player: ' P2 ', receipt: ' R1 ' }),
      purchase({ status: 'chargeback', receipt: 'null' }),
    ])
    expect(backOf(found)).toEqual([[hashOf('R1'), 'P2']])
    expect([found.filtered.get('chargeback'), rejected]).toEqual([2, []])
  })

  it('is taken back by a plain row, in quotes or not, as by an odd one', async () => {
    const back = { status: 'chargeback', receipt: 'R1', player: 'P2', time: 'x', event: 'y' }
    for (const changes of [
      {},
      { amount: '"-4,99"' },
      { receipt: '"R1"', campaign: '"a ""b"" c"' },
    ]) {
      const { found } = await purchases([purchase({ ...back, ...changes })])
      expect(backOf(found)).toEqual([[hashOf('R1'), 'P2']])
      expect(found.filtered).toEqual(new Map([['chargeback', 1]]))
    }
    const { found } = await purchases([purchase({ ...back, player: '' })])
    expect(backOf(found)).toEqual([[hashOf('R1'), null]])
  })

  it('that is taken back tells what commas mean', async () => {
    const back = purchase({ status: 'chargeback', amount: '"4,99"' })
    const { found } = await purchases([purchase({ amount: '"1,234"' }), back])
    expect(rowsOf(found)).toMatchObject([{ micros: 1_234_000 }])
  })
})

describe('an amount with one comma', () => {
  const lone = [purchase({ amount: '"1,234"' }), purchase({ amount: '"0,999"' })]
  const decimal = purchase({ amount: '"4,99"' })
  const thousands = purchase({ amount: '"1,234.50"' })

  it('is decided by the other commas of the column, of filtered rows too', async () => {
    const failed = purchase({ amount: '"4,99"', status: 'failed' })
    for (const lines of [
      [...lone, decimal],
      [failed, ...lone],
    ]) {
      const { found, rejected } = await purchases(lines)
      const amounts = rowsOf(found).map(({ micros }) => micros)
      expect([amounts.includes(1_234_000), amounts.includes(999_000), rejected]).toEqual([
        ...[true, true],
        [],
      ])
    }
    const { found, rejected } = await purchases([...lone, thousands])
    expect(rowsOf(found).map(({ micros }) => micros)).toEqual([1_234_500_000, 1_234_000_000])
    expect(reasons(rejected)).toEqual([[3, 'unreadable-money']])
  })

  it('is ambiguous when they do not agree, or there are none', async () => {
    for (const others of [[], [decimal, thousands]]) {
      const { found, rejected } = await purchases([...lone, ...others])
      expect(reasons(rejected)).toEqual([
        [2, 'ambiguous-number'],
        [3, 'ambiguous-number'],
      ])
      expect(found.rows.count).toBe(others.length)
    }
  })
})

describe("a purchase of AppsFlyer's export", () => {
  const columns = { ...PURCHASE_COLUMNS, receipt: null, status: null, eventValue: 5 }
  const row = (event: string, amount: string, value: string) =>
    `P1,${event},${TIME},${amount},Spring,"${value.replaceAll('"', '""')}"`

  it('has its receipt in the event value', async () => {
    const own = '{"af_receipt_id":" R1 ","af_order_id":"O1"}'
    const order = '{"af_receipt_id":"","af_order_id":17}'
    const none = ['{"af_price":1}', 'af_receipt_id', '["af_order_id"]', 'null', '']
    const lines = [own, order, ...none].map((value) => row('af_purchase', '4.99', value))
    const { found } = await inspect(inspectPurchases, columns, lines)
    expect(rowsOf(found).map(({ receipt }) => receipt)).toEqual(['R1', '17', '', '', '', '', ''])
    expect(kindsOf(found)).toMatchObject(lines.map(() => ({ status: 'success' })))
  })

  it('is a chargeback when its event or its amount says so', async () => {
    const value = (receipt: string) => `{"af_order_id":"${receipt}"}`
    const { found } = await inspect(inspectPurchases, columns, [
      row('AF_Refund', '4.99', value('R1')),
      row('af_purchase', '-4.99', value('R2')),
      row('af_purchase', '4.99', value('R3')),
    ])
    expect(backOf(found).map(([receipt]) => receipt)).toEqual([hashOf('R1'), hashOf('R2')])
    expect(found.rows.count).toBe(1)
  })

  it('is a chargeback when its amount is below 0 as the commas of the column say', async () => {
    const value = '{"af_order_id":"R1"}'
    const lone = row('af_purchase', '"-1,234"', value)
    for (const [amount, filtered] of [
      ['"4,9"', [['chargeback', 1]]],
      ['4.99', []],
    ] as const) {
      const lines = [lone, row('af_purchase', amount, value)]
      const { found, rejected } = await inspect(inspectPurchases, columns, lines)
      expect([...found.filtered]).toEqual(filtered)
      expect(reasons(rejected)).toEqual(filtered.length > 0 ? [] : [[2, 'ambiguous-number']])
    }
  })
})

describe('a confirmation', () => {
  const columns = { player: 0, time: 1, amount: 2, receipt: 3 }

  it('has the fates of a purchase but for status and event', async () => {
    const { found, rejected } = await inspect(
      inspectConfirmations,
      columns,
      [
        ...[`P1,${TIME},4.99,R1`, `P1,${TIME},0,R1`, `,x,y,`, `P1,x,y,`, `P1,${TIME},y,`],
        ...[`P1,${TIME},"4,990",R1`, `P1,${TIME},"4,99", R2`, `P1,${TIME},4.99,TEST-1`],
      ],
      { badReceipt: /^TEST/ },
    )
    expect(reasons(rejected)).toEqual([
      [4, 'empty-appsflyer-id'],
      [5, 'unreadable-time'],
      [6, 'unreadable-money'],
    ])
    expect([found.records, ...found.filtered]).toEqual([8, ['false-success', 2]])
    const sale = { player: 'P1', instant: INSTANT, micros: 4_990_000 }
    expect(rowsOf(found)).toEqual([
      { ...sale, receipt: 'R1' },
      { ...sale, receipt: 'R2' },
      { ...sale, receipt: 'R1' },
    ])
    expect(found.rows.hasOddIds).toBe(true)
  })
})

describe('a cost', () => {
  it('is added to those of its day and campaign, also a negative one', async () => {
    const { found, rejected } = await inspect(inspectCosts, { day: 0, campaign: 1, amount: 2 }, [
      ...['2026-03-04,Spring,10.50', '2026-03-04T23:00:00-02:00,Spring,1', '2026-03-04, spring,-3'],
      ...['2026-02-30,Spring,1', '2026-03-04,,x', '2026-03-05,,0', '2026-03-04,Spring,"1,500"'],
    ])
    expect(found.costs).toEqual([
      { day: 20_516, campaign: 'SPRING', micros: 7_500_000n },
      { day: 20_517, campaign: 'SPRING', micros: 1_000_000n },
      { day: 20_517, campaign: '(NONE)', micros: 0n },
    ])
    expect([found.summed, found.records]).toEqual([1, 7])
    expect(reasons(rejected)).toEqual([
      [5, 'unreadable-date'],
      [6, 'unreadable-money'],
      [8, 'ambiguous-number'],
    ])
  })
})

describe('a session', () => {
  it('has a user and a time', async () => {
    const { found, rejected } = await inspect(inspectSessions, { user: 0, time: 1, isDay: false }, [
      `U1,${TIME}`,
      `,${TIME}`,
      'U1,2026-03-04',
      ` U2,${TIME}`,
      'U2,2026-03-04 15:16',
    ])
    expect(reasons(rejected)).toEqual([
      [3, 'empty-user-id'],
      [4, 'unreadable-time'],
    ])
    expect([found.records, found.count, found.userCount]).toEqual([5, 3, 2])
    const [first, ...others] = found.users.subarray(0, 3)
    expect(others).toEqual([1 - (first ?? 2), 1 - (first ?? 2)])
    expect([...found.instants.subarray(0, 3)]).toEqual([INSTANT, INSTANT, INSTANT - 17_000_000])
  })

  it('has a day where the file has no times: that of any time in UTC', async () => {
    const { found, rejected } = await inspect(inspectSessions, { user: 0, time: 1, isDay: true }, [
      'U1,2026-03-04',
      'U1,2026-03-04T23:00:00-02:00',
      'U1,soon',
    ])
    expect(reasons(rejected)).toEqual([[4, 'unreadable-date']])
    const days = [...found.instants.subarray(0, found.count)].map((instant) => instant / 86_400e6)
    expect(days).toEqual([20_516, 20_517])
  })
})

describe('any purchase', () => {
  const cell = (...texts: string[]) => fc.constantFrom(...texts)
  const cells = fc.tuple(
    cell('P1', 'P1', 'P"2', '', ' P3', 'N/A', 'n"a', '""'),
    cell('purchase', 'af_purchase', 'af_purchase', 'Purchase', 'purchasE', 'install', ''),
    cell(TIME, TIME, '2026-03-04 15:16:17.5', '2026-03-04 15:16', '', 'x'),
    cell('4.99', '4.99', '10', '0', '-1', '1,234', '4,99', '$5', ''),
    cell('Spring', 'Spring', '', 'say "hi"', '"', 'a,b', ' é '),
    cell('R1', '', '', 'TEST-1', 'TE"ST', ' ', 'null'),
    cell('success', 'success', 'success', 'SUCCESS', 'failed', 'chargeback', 'chargeback', 'xx'),
  )
  const write = (all: boolean) => (row: readonly string[]) =>
    row
      .map((text) => (all || /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text))
      .join(',')

  it('is found to be the same with and without quotes, from its bytes or as text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(cells, { minLength: 1, maxLength: 8 }), async (rows) => {
        const bare = await purchases(rows.map(write(false)))
        const quoted = await purchases(rows.map(write(true)))
        // A status that is spelled in another way is read as text, with all that is beside it.
        const spelled = rows.map((row) => [...row.slice(0, 6), ` ${row[6]}`])
        const asText = await purchases(spelled.map(write(false)))
        const fates = ({ filtered, records }: PurchaseFindings) => ({ filtered, records })
        for (const { found, rejected: others } of [quoted, asText]) {
          expect(fates(found)).toEqual(fates(bare.found))
          expect(rowsOf(found)).toEqual(rowsOf(bare.found))
          expect(backOf(found)).toEqual(backOf(bare.found))
          expect(reasons(others)).toEqual(reasons(bare.rejected))
        }
        expect(kindsOf(quoted.found)).toEqual(kindsOf(bare.found))
        const kinds = kindsOf(bare.found).map((kind) => ({ ...kind, status: ` ${kind?.status}` }))
        expect(kindsOf(asText.found)).toEqual(kinds)
      }),
      { numRuns: 400 },
    )
  })
})
