import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DayOfReports, playDayOfReports } from './day-of-reports.ts'
import { generateReportFiles, type Truth } from './reports/reports.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'day-of-reports-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const FILES = { purchases: 250, seed: 's', lastDay: '2026-03-14' }
const DONE = {
  ok: true,
  returncode: 0,
  stdout: 'Done.\nD-1 is 2026-03-14\nmore',
  stderr: '',
  run: 'r1',
}

/** A day with a server that answers so, and that has published this record. */
async function play(answer: object, record: object = {}): Promise<DayOfReports> {
  writeFileSync(join(folder, 'run.json'), JSON.stringify(record))
  const fetch = async () => Response.json(answer)
  const settings = { ...FILES, dataDir: folder, reportsDir: folder }
  return playDayOfReports({ baseUrl: 'http://127.0.0.1:1', fetch }, settings)
}

function recordOf({ files, reconciliation }: Truth, run = 'r1') {
  const inputs = Object.entries(files).map(([file, { rowsIn, ...fates }]) => ({
    ...{ file, rows_in: rowsIn },
    ...fates,
  }))
  const { matchedByReceipt, matchedByTime, afOnly, confirmedOnly } = reconciliation
  const matched = matchedByReceipt + matchedByTime
  return {
    ...{ run, inputs },
    reconciliation: { matched, af_only: afOnly, confirmed_only: confirmedOnly },
  }
}

describe('a day of reports', () => {
  it('finds nothing wrong where every row is accounted for as it was planted', async () => {
    const truth = await generateReportFiles({ dir: folder, ...FILES, traps: 'all' })
    const day = await play(DONE, recordOf(truth))
    expect(day).toMatchObject({ run: 'r1', summary: 'D-1 is 2026-03-14\nmore', mismatches: [] })
    expect(day.rows).toBeGreaterThan(750)
  })

  it('names what differs from what was planted', async () => {
    const truth = await generateReportFiles({ dir: folder, ...FILES, traps: 'all' })
    const record = recordOf(truth, 'r0')
    const [purchases, ...others] = record.inputs
    const inputs = [{ ...purchases, kept: 1 }, ...others]
    const day = await play(DONE, { ...record, inputs, reconciliation: {} })
    expect(day.mismatches.map(({ what }) => what)).toEqual([
      'the run that is published',
      'the rows of purchases_raw.csv',
      'the reconciliation',
    ])
  })

  it('says why there are no reports', async () => {
    const day = await play({ ...DONE, ok: false, stdout: '', stderr: 'no disk', run: null })
    expect(day).toMatchObject({ run: null, summary: '' })
    expect(day.mismatches).toMatchObject([
      { what: 'the end of the run', actual: expect.stringContaining('no disk') },
    ])
  })
})
