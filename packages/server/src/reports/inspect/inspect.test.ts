import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { readInputZone, UTC } from '../cells/cells.ts'
import { scanCsv } from '../input/input.ts'
import type { RejectedRow } from '../runs/runs.ts'
import {
  type Inspector,
  type InspectSettings,
  inspectConfirmations,
  inspectCosts,
  inspectPurchases,
  inspectSessions,
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
  const begin = () => {
    rejected = []
    const onRejected = (row: RejectedRow): void => void rejected.push(row)
    return inspector(at, { delimiter: ',', zone: UTC, badReceipt: null, onRejected, ...changes })
  }
  const path = join(folder, 'some.csv')
  const columns = (lines[0] ?? '').replace(/"[^"]*"/g, '').split(',').length
  writeFileSync(path, [Array(columns).fill('name').join(','), ...lines].join('\n'))
  let inspecting = begin()
  await scanCsv(path, {
    scratchDir: folder,
    onUnreadable: (row) => expect.unreachable(row.raw),
    onRecord: (record, bytes) => inspecting.record(record, bytes),
    onRestart: () => {
      inspecting = begin()
    },
  })
  return { found: inspecting.finish(), rejected }
}

/** Line and reason of each rejected row. */
const reasons = (rejected: readonly RejectedRow[]) => rejected.map((row) => [row.line, row.reason])

const TIME = '2026-03-04T15:16:17Z'
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
  it('of plain cells is a candidate, and the engine reads all of it', async () => {
    const { found, rejected } = await purchases([purchase(), purchase({ event: 'af_purchase' })])
    expect(rejected).toEqual([])
    expect(found).toMatchObject({ records: 2, candidates: 2, ids: new Map(), chargebacks: [] })
    expect([found.times.size, found.amounts.size, found.filtered.size]).toEqual([0, 0, 0])
    expect(found.campaigns).toEqual(new Map([['Spring', 'SPRING']]))
    expect([found.statuses, [...found.events.keys()]]).toEqual([
      ['success'],
      ['purchase', 'af_purchase'],
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
    expect([found.records, found.candidates]).toEqual([10, 0])
    // Nothing of a row that is not kept becomes a name.
    expect([found.campaigns.size, found.statuses, found.events.size]).toEqual([0, [], 0])
  })

  it('may spell status, event and campaign in any way', async () => {
    const { found } = await purchases([
      purchase({ status: ' SUCCESS', event: 'AF_Purchase ', campaign: ' spring' }),
      purchase({ campaign: '' }),
    ])
    expect(found.candidates).toBe(2)
    expect(found.statuses).toEqual([' SUCCESS', 'success'])
    expect(found.events.get('AF_Purchase ')).toBe('af_purchase')
    expect(found.campaigns).toEqual(
      new Map([
        [' spring', 'SPRING'],
        ['', '(NONE)'],
      ]),
    )
  })

  it('has odd times and amounts looked up, but not the plain ones beside them', async () => {
    const { found } = await purchases([
      purchase({ time: '2026-03-04 15:16' }),
      purchase({ amount: '$4.99', time: `${TIME} ` }),
      purchase({ amount: 'free' }),
    ])
    expect([...found.times.values()]).toEqual([1_772_637_360_000_000n, 1_772_637_377_000_000n])
    expect(found.amounts).toEqual(
      new Map([
        ['$4.99', 4_990_000n],
        ['free', null],
      ]),
    )
  })

  it('in another zone has times looked up that name none', async () => {
    const zone = readInputZone('+01:00')
    const lines = [purchase(), purchase({ time: '2026-03-04 15:16:17' })]
    const { found } = await purchases(lines, zone && { zone })
    expect(found.times).toEqual(new Map([['2026-03-04 15:16:17', 1_772_633_777_000_000n]]))
    expect((await purchases(lines)).found.times.size).toBe(0)
  })

  it('knows the ids that must be cleaned, by their text', async () => {
    for (const [changes, ids] of [
      [{ player: ' P1' }, [[' P1', 'P1']]],
      [{ receipt: 'R1\u00a0' }, [['R1\u00a0', 'R1']]],
      [{ receipt: 'N/A' }, [['N/A', null]]],
      [{ receipt: '' }, []],
      [{ receipt: ' R1', status: 'failed' }, []],
    ] as const) {
      expect((await purchases([purchase(changes)])).found.ids).toEqual(new Map(ids))
    }
    expect(reasons((await purchases([purchase({ player: 'null' })])).rejected)).toEqual([
      [2, 'empty-appsflyer-id'],
    ])
  })

  it('with a bad receipt is no sale', async () => {
    const lines = [purchase({ receipt: 'TEST-1' }), purchase({ receipt: '' }), purchase()]
    const { found } = await purchases(lines, { badReceipt: /^TEST/ })
    expect([...found.badReceipts, ...found.filtered, found.candidates]).toEqual([
      ...['TEST-1', ['false-success', 1]],
      2,
    ])
  })

  it('has a bad receipt by its text, not by its bytes', async () => {
    const lines = [purchase({ receipt: '"TE""ST"' }), purchase({ receipt: '"TEST"' })]
    const { found } = await purchases(lines, { badReceipt: /^TE"?ST/ })
    expect(found.badReceipts).toEqual(new Set(['TE"ST', 'TEST']))
    expect(found.candidates).toBe(0)
  })

  it('is taken back by status and receipt alone', async () => {
    const { found, rejected } = await purchases([
      purchase({ status: ' Chargeback', time: '', amount: '', player: ' P2 ', receipt: ' R1 ' }),
      purchase({ status: 'chargeback', receipt: 'null' }),
    ])
    expect(found.chargebacks).toEqual([{ receipt: 'R1', player: 'P2' }])
    expect([found.filtered.get('chargeback'), rejected]).toEqual([2, []])
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
      expect([found.amounts.get('1,234'), found.amounts.get('0,999'), rejected]).toEqual([
        ...[1_234_000n, 999_000n],
        [],
      ])
    }
    const { found, rejected } = await purchases([...lone, thousands])
    expect([found.amounts.get('1,234'), found.amounts.get('0,999')]).toEqual([1_234_000_000n, null])
    expect(reasons(rejected)).toEqual([[3, 'unreadable-money']])
  })

  it('is ambiguous when they do not agree, or there are none', async () => {
    for (const others of [[], [decimal, thousands]]) {
      const { found, rejected } = await purchases([...lone, ...others])
      expect(reasons(rejected)).toEqual([
        [2, 'ambiguous-number'],
        [3, 'ambiguous-number'],
      ])
      expect(found.candidates).toBe(others.length)
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
    expect(found.eventValues).toEqual(
      new Map([
        [own, 'R1'],
        [order, '17'],
      ]),
    )
    expect([found.candidates, found.statuses]).toEqual([7, ['success']])
  })

  it('is a chargeback when its event or its amount says so', async () => {
    const value = (receipt: string) => `{"af_order_id":"${receipt}"}`
    const { found } = await inspect(inspectPurchases, columns, [
      row('AF_Refund', '4.99', value('R1')),
      row('af_purchase', '-4.99', value('R2')),
      row('af_purchase', '4.99', value('R3')),
    ])
    expect(found.chargebacks.map(({ receipt }) => receipt)).toEqual(['R1', 'R2'])
    expect(found.candidates).toBe(1)
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
    expect(found).toMatchObject({ records: 8, candidates: 3 })
    expect(found.ids.size).toBeGreaterThan(0)
    expect(found.filtered).toEqual(new Map([['false-success', 2]]))
    expect(found.amounts.get('4,990')).toBe(4_990_000n)
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
    expect(found).toMatchObject({ records: 5, candidates: 3 })
    expect(found.ids.size).toBeGreaterThan(0)
    expect([...found.times.keys()]).toEqual(['2026-03-04', '2026-03-04 15:16'])
  })

  it('has a day where the file has no times: that of any time in UTC', async () => {
    const { found, rejected } = await inspect(inspectSessions, { user: 0, time: 1, isDay: true }, [
      'U1,2026-03-04',
      'U1,2026-03-04T23:00:00-02:00',
      'U1,soon',
    ])
    expect(reasons(rejected)).toEqual([[4, 'unreadable-date']])
    expect(found.times).toEqual(
      new Map([
        ['2026-03-04T23:00:00-02:00', 20_517n * 86_400_000_000n],
        ['soon', null],
      ]),
    )
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
    cell('success', 'success', 'success', 'SUCCESS', 'failed', 'chargeback', 'successs'),
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
        const { found } = bare
        expect(quoted.found).toEqual(found)
        expect(reasons(quoted.rejected)).toEqual(reasons(bare.rejected))
        const { statuses: _own, events, ...same } = found
        expect(asText.found).toMatchObject(same)
        for (const event of asText.found.events.keys()) expect(events.has(event)).toBe(true)
        expect(reasons(asText.rejected)).toEqual(reasons(bare.rejected))
      }),
      { numRuns: 400 },
    )
  })
})
