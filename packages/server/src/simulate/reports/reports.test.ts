import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { recount } from './recount.ts'
import { generateReportFiles, type ReportFilesSettings, writeAppsflyerExport } from './reports.ts'

const ROOT = mkdtempSync(join(tmpdir(), 'report-files-'))
afterAll(() => rmSync(ROOT, { recursive: true, force: true }))

const LAST_DAY = '2026-03-14'
const generated = async (change: Partial<ReportFilesSettings> = {}) => {
  const dir = mkdtempSync(join(ROOT, 'run-'))
  const settings = { dir, purchases: 3_000, seed: 's', traps: 'values', lastDay: LAST_DAY } as const
  return { dir, truth: await generateReportFiles({ ...settings, ...change }) }
}
const hashes = (dir: string): readonly string[] =>
  readdirSync(dir).map((name) => {
    const hash = createHash('sha256').update(readFileSync(join(dir, name)))
    return `${name} ${hash.digest('hex')}`
  })

describe.each(['none', 'values', 'all'] as const)('files with %s of the traps', (traps) => {
  it.each([250, 3_000, 20_000])(
    'hold what their truth says, at %i purchases',
    async (purchases) => {
      const { dir, truth } = await generated({ purchases, traps, seed: `${purchases}` })
      const { traps: _, lastDay, ...counted } = truth
      expect(lastDay).toBe(LAST_DAY)
      expect(counted).toEqual(recount(dir, LAST_DAY))
    },
  )

  it('are the same bytes for a seed, and others for another', async () => {
    const first = await generated({ traps })
    const again = await generated({ traps })
    const other = await generated({ traps, seed: 't' })
    expect(hashes(again.dir)).toEqual(hashes(first.dir))
    expect(again.truth).toEqual(first.truth)
    const common = hashes(other.dir).filter((hash) => hashes(first.dir).includes(hash))
    expect(common).toEqual([])
  })
})

describe('the files', () => {
  it('hold what their truth says for many seeds, sizes and periods', async () => {
    for (let i = 0; i < 40; i += 1) {
      const traps = (['none', 'values', 'all'] as const)[i % 3] ?? 'none'
      const purchases = traps === 'none' ? 1 + i * 7 : 250 + i * 11
      const { dir, truth } = await generated({
        purchases,
        traps,
        seed: `many ${i}`,
        days: 4 + (i % 20),
      })
      const { traps: _, lastDay, ...counted } = truth
      expect(counted, `seed many ${i}`).toEqual(recount(dir, lastDay))
    }
  })

  it('have every trap from 250 purchases on, and none where none is wanted', async () => {
    const names = async (change: Partial<ReportFilesSettings>) =>
      Object.keys((await generated(change)).truth.traps)
    const all = await names({ purchases: 20_000, traps: 'all' })
    expect(all.length).toBeGreaterThan(120)
    expect(await names({ purchases: 250, traps: 'all' })).toEqual(all)
    expect(all).toEqual(expect.arrayContaining(await names({ traps: 'values' })))
    expect(await names({ traps: 'none' })).toEqual([])
  })

  it('are those of a believable studio', async () => {
    const { truth, dir } = await generated({ purchases: 50_000, traps: 'none' })
    const { matchedByReceipt, matchedByTime, afOnly, confirmedOnly } = truth.reconciliation
    const matched = matchedByReceipt + matchedByTime
    expect(truth.files['confirmed_purchases.csv'].rowsIn / 50_000).toBeCloseTo(0.86, 1)
    expect(matched / (matched + afOnly)).toBeGreaterThan(0.8)
    expect(confirmedOnly).toBeGreaterThan(100)
    expect(matchedByTime / matched).toBeCloseTo(0.12, 1)
    const sound = truth.campaigns.filter(({ anomaly, costMicros }) => !anomaly && costMicros)
    expect(sound.length).toBeGreaterThan(30)
    for (const { revenueMicros, costMicros } of sound) {
      expect(revenueMicros / Number(costMicros)).toBeGreaterThan(0.4)
      expect(revenueMicros / Number(costMicros)).toBeLessThan(4)
    }
    expect(truth.campaigns.filter(({ anomaly }) => anomaly)).toMatchObject([
      { campaign: 'SILENT SPEND', revenueMicros: 0, severity: 'critical' },
      { campaign: 'SUMMER SPLASH US', severity: 'warning' },
      { campaign: 'WINTER SALE US', severity: 'critical' },
    ])
    const perPlayer = Object.values(
      Object.groupBy(linesOf(dir, 'purchases_raw.csv').slice(1), (line) => line.slice(0, 22)),
    ).map((lines) => lines?.length ?? 0)
    expect(Math.max(...perPlayer)).toBeGreaterThan(25)
    expect(perPlayer.filter((count) => count === 1).length / perPlayer.length).toBeGreaterThan(0.5)
  })

  it('are in no order of time', async () => {
    const { dir } = await generated({ traps: 'none' })
    for (const name of ['purchases_raw.csv', 'confirmed_purchases.csv', 'sessions.csv']) {
      const times = linesOf(dir, name).map((line) => /\d{4}-[\d-]+T[\d:]+/.exec(line)?.[0] ?? '')
      const rising = times.filter((time, i) => i > 0 && time > (times[i - 1] ?? '')).length
      expect(rising / times.length).toBeCloseTo(0.5, 1)
    }
  })

  it('have the structure that they are wanted with', async () => {
    const bytes = (dir: string) => readFileSync(join(dir, 'purchases_raw.csv'), 'latin1')
    const values = bytes((await generated({ traps: 'values' })).dir)
    const all = await generated({ traps: 'all' })
    expect(values).toMatch(/^appsflyer_id/)
    expect(values).not.toMatch(/\0|\r|\xff/)
    expect(bytes(all.dir)).toMatch(/^\xef\xbb\xbfappsflyer_id/)
    expect(bytes(all.dir)).toContain(',"Summer Splash,GPA.')
    expect(readFileSync(join(all.dir, 'confirmed_purchases.csv'), 'latin1')).toMatch(/\r\n"?\d/)
    expect(readFileSync(join(all.dir, 'costs_daily.csv'), 'latin1')).toMatch(/^Campaign,.*[^\n]$/s)
  })

  it('are refused for settings that mean nothing', async () => {
    await expect(generated({ purchases: 0 })).rejects.toThrow('purchases must be 1 to')
    await expect(generated({ purchases: 249 })).rejects.toThrow('traps take at least 250')
    await expect(generated({ days: 3 })).rejects.toThrow('days must be at least 4')
    await expect(generated({ lastDay: 'today' })).rejects.toThrow('lastDay must be a day')
  })

  it('can be as small as one purchase in four days', async () => {
    const { truth } = await generated({ purchases: 1, days: 4, traps: 'none' })
    expect(truth.files['purchases_raw.csv'].rowsIn).toBe(1)
  })

  it('take no more memory when they are larger', async () => {
    const peak = async (purchases: number): Promise<number> => {
      let most = 0
      const watch = setInterval(() => {
        const { arrayBuffers, heapUsed } = process.memoryUsage()
        most = Math.max(most, arrayBuffers + heapUsed)
      }, 2)
      await generated({ purchases })
      clearInterval(watch)
      return most / 1_048_576
    }
    const small = await peak(50_000)
    expect((await peak(500_000)) - small).toBeLessThan(40)
  })
})

describe("AppsFlyer's own export", () => {
  it('has 81 columns in either spelling, and the same rows', async () => {
    const export81 = async (spelling: 'display' | 'api') => {
      const path = join(ROOT, `${spelling}.csv`)
      const settings = { path, rows: 40, seed: 's', lastDay: LAST_DAY }
      const truth = await writeAppsflyerExport({ ...settings, spelling })
      return { truth, lines: linesOf(ROOT, `${spelling}.csv`) }
    }
    const display = await export81('display')
    const api = await export81('api')
    expect(display.lines[0]?.split(',')).toHaveLength(81)
    expect(display.lines[0]).toContain('Campaign,Campaign ID')
    expect(api.lines[0]).toContain('campaign,af_c_id,af_adset,af_adset_id,af_ad')
    expect(api.lines[0]).toContain('contributor_1_af_prt,contributor_1_media_source')
    expect(new Set(api.lines[0]?.split(',')).size).toBe(81)
    expect(api.lines.slice(1)).toEqual(display.lines.slice(1))
    expect(api.truth).toEqual(display.truth)
    expect(display.truth.rowsIn).toBe(display.lines.length - 1)
    expect(display.truth.purchases).toHaveLength(
      display.lines.filter((line) => line.includes(',af_purchase,')).length,
    )
  })
})

const linesOf = (dir: string, name: string): string[] =>
  readFileSync(join(dir, name), 'utf8').trimEnd().split('\n')
