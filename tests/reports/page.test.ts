import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FILTER_REASONS, REJECT_REASONS } from '../../packages/server/src/reports/page/page.ts'
import { hostileInput } from './hostile-input.ts'
import { inputFiles } from './input-builders.ts'
import { contentsOf } from './page-contents.ts'
import { ANOMALIES_MAX, CAMPAIGNS_MAX, expectedContents, WORST_MAX } from './page-expectations.ts'
import { elementsIn, named, parsePage, textOf } from './page-reader.ts'
import { filesOf, type RandomInput, randomInput, reordered, shownInput } from './random-inputs.ts'
import type { InputFiles, Parameters } from './recomputation/recomputation.ts'
import { type ProductRun, runProduct } from './run-product.ts'

/** More than the usual number, for a long run. */
const INPUTS = Number(process.env['REPORT_INPUTS'] ?? 60)
const INPUT_MS_MAX = 3_000
const PAGE_BYTES_MAX = 300 * 1_024

const pageOf = ({ files }: ProductRun): string => files['report.html'] ?? ''

async function assertPage(input: InputFiles, parameters: Parameters): Promise<ProductRun> {
  const run = await runProduct(input, parameters)
  expect(contentsOf(pageOf(run))).toEqual(expectedContents(run, input, parameters))
  return run
}

describe('the numbers in report.html', () => {
  it(
    'are those of the JSON reports, for random inputs',
    async () => {
      const property = fc.asyncProperty(randomInput, async (input) => {
        try {
          await assertPage(filesOf(input), input.parameters)
        } catch (error) {
          throw new Error(shownInput(input), { cause: error })
        }
      })
      await fc.assert(property, { numRuns: INPUTS })
    },
    INPUTS * INPUT_MS_MAX,
  )

  it('are those of the JSON reports, for hostile names, many campaigns and many discrepancies', async () => {
    const { input, parameters } = hostileInput({ campaigns: 150, perCampaign: 2 })
    const { files } = await assertPage(input, parameters)
    const { anomalies, campaigns, worst, more, verdict } = contentsOf(files['report.html'] ?? '')
    expect(anomalies).toHaveLength(ANOMALIES_MAX)
    expect(campaigns).toHaveLength(CAMPAIGNS_MAX)
    for (const list of Object.values(worst)) expect(list).toHaveLength(WORST_MAX)
    expect(Number(more['more_campaigns'])).toBeGreaterThan(0)
    expect(Number(verdict['more_anomalies'])).toBeGreaterThan(0)
  })

  it('are all compared: each of them, if it were another, would be found', async () => {
    const { input, parameters } = hostileInput({ campaigns: 24, perCampaign: 2 })
    const run = await runProduct(input, parameters)
    const page = pageOf(run)
    const expected = JSON.stringify(expectedContents(run, input, parameters))
    const values = [...page.matchAll(/(?<= value="|data-days=")[^"]+(?=")/g)]
    expect(values.length).toBeGreaterThan(300)
    const unseen = values.filter(({ 0: value, index }) => {
      const other = `${page.slice(0, index)}${value}1${page.slice(index + value.length)}`
      return JSON.stringify(contentsOf(other)) === expected
    })
    expect(unseen.map(([value]) => value)).toEqual([])
  })

  it('read like their exact values', async () => {
    const { input, parameters } = hostileInput({ campaigns: 60, perCampaign: 2 })
    const page = parsePage(pageOf(await runProduct(input, parameters)))
    const data = named(page, 'data').map((element) => ({
      ...{ shown: textOf(element), value: element.attributes['value'] ?? '' },
    }))
    const wrong = data.filter(({ shown, value }) => !readsLike(shown, value))
    expect(wrong).toEqual([])
    expect(data.filter(({ shown }) => /\d/.test(shown)).length).toBeGreaterThan(500)
  })
})

/** A number is rounded to the places that are shown; `null` is a dash; a word is no number. */
function readsLike(shown: string, value: string): boolean {
  if (value === 'null') return shown === '–'
  const number = /^(−?)([\d,]+)(?:\.(\d+))?(%| points)?(?: (above|below))?$/.exec(shown)
  if (number === null)
    return !/^-?[\d.]+$/.test(value) || shown === 'exactly' || /no days/.test(shown)
  const [, minus, whole = '', fraction = '', unit, way] = number
  const magnitude = Number(`${whole.replaceAll(',', '')}.${fraction}`)
  const sign = minus === '−' || way === 'below' ? -1 : 1
  const scale = unit === undefined ? 1 : 100
  const grouped = Number(whole.replaceAll(',', '')).toLocaleString('en-US') === whole
  // The exact value may end in a rounded tenth decimal, and doubles are a little beside.
  const unitShown = 10 ** -fraction.length / 2 + Number(value) * 1e-12 + 1e-8
  return grouped && Math.abs(sign * magnitude - Number(value) * scale) <= Math.abs(unitShown)
}

describe('report.html', () => {
  it('is the same for rows in twenty orders', async () => {
    const { input, parameters } = hostileInput({ campaigns: 40, perCampaign: 3 })
    const page = pageOf(await runProduct(input, parameters))
    for (let order = 1; order <= 20; order += 1) {
      const shuffled = hostileInput({ campaigns: 40, perCampaign: 3, order })
      expect(shuffled.input.purchases).not.toBe(input.purchases)
      expect(pageOf(await runProduct(shuffled.input, parameters))).toBe(page)
    }
  }, 120_000)

  it('is the same for random inputs in another order', async () => {
    const isClosed = ({ rows }: RandomInput['costs']): boolean =>
      rows.every(({ quirk }) => quirk !== 'unclosed')
    const closed = randomInput.filter(({ purchases, confirmations, costs, sessions }) =>
      [purchases, confirmations, costs, sessions].every(isClosed),
    )
    const order = fc.array(fc.nat(9), { minLength: 2, maxLength: 30 })
    const property = fc.asyncProperty(closed, order, async (input, order) => {
      const one = await runProduct(filesOf(input), input.parameters)
      const other = await runProduct(filesOf(reordered(input, order)), input.parameters)
      expect(pageOf(other)).toBe(pageOf(one))
    })
    await fc.assert(property, { numRuns: 20 })
  }, 120_000)

  it('stays below 300 KB for the longest names of characters that are escaped', async () => {
    const { input, parameters } = hostileInput({
      campaigns: 400,
      perCampaign: 1,
      name: '"&<>'.repeat(99),
    })
    const page = pageOf(await runProduct(input, parameters))
    expect(Buffer.byteLength(page)).toBeLessThan(PAGE_BYTES_MAX)
    expect(Buffer.byteLength(page)).toBeGreaterThan(PAGE_BYTES_MAX / 2)
    parsePage(page)
  })

  it('asks no network and runs nothing', async () => {
    const { input, parameters } = hostileInput({ campaigns: 20, perCampaign: 2 })
    const page = pageOf(await runProduct(input, parameters))
    const [style = ''] = named(parsePage(page), 'style').map(textOf)
    expect(style).not.toMatch(/url\(|@import|expression|https?:/)
    // The parser knows no element and no attribute that loads, links or runs.
    expect(elementsIn(parsePage(page), ({ name }) => name === 'style')).toHaveLength(1)
  })

  it('says so where there is nothing', async () => {
    const run = await runProduct(inputFiles(), { today: '2026-03-11' })
    const text = textOf(parsePage(pageOf(run)))
    expect(text).toContain('D-1 is 2026-03-10, yesterday: there are neither purchases nor costs')
    expect(text).toContain('No campaign had a purchase or a cost on this day.')
    expect(text).toContain('There is no campaign to judge.')
    expect(text).toContain('No row was filtered, none rejected.')
    expect(text).not.toMatch(/NaN|undefined|Infinity|null/)
  })

  it('explains every reason for which a row can be rejected or filtered', async () => {
    const { input, parameters } = hostileInput({ campaigns: 3, perCampaign: 1 })
    const { reasons } = contentsOf(pageOf(await runProduct(input, parameters)))
    const known = new Set(Object.keys({ ...REJECT_REASONS, ...FILTER_REASONS }))
    expect(reasons.length).toBeGreaterThan(6)
    for (const { reason = '' } of reasons) expect(known).toContain(reason)
  })
})

describe('what is in report.html for those who do not see it', () => {
  it('has one first heading, an order of headings and named sections, tables and pictures', async () => {
    const { input, parameters } = hostileInput({ campaigns: 20, perCampaign: 2 })
    const page = parsePage(pageOf(await runProduct(input, parameters)))
    const headings = elementsIn(page, ({ name }) => /^h\d$/.test(name)).map(({ name }) => name)
    expect(headings.filter((name) => name === 'h1')).toHaveLength(1)
    const skips = headings.filter(
      (name, at) => Number(name[1]) > Number(headings[at - 1]?.[1] ?? 0) + 1,
    )
    expect(skips).toEqual([])
    const ids = new Set(
      elementsIn(page, () => true).flatMap(({ attributes }) => attributes['id'] ?? []),
    )
    const labelled = elementsIn(page, ({ attributes }) => 'aria-labelledby' in attributes)
    for (const { attributes } of labelled) expect(ids).toContain(attributes['aria-labelledby'])
    for (const table of named(page, 'table')) {
      const columns = named(table, 'th').filter(({ attributes }) => attributes['scope'] === 'col')
      for (const row of named(table, 'tr')) {
        const cells = elementsIn(row, ({ name }) => name === 'td' || name === 'th')
        expect(cells).toHaveLength(columns.length)
        expect(named(row, 'th').length).toBeGreaterThan(0)
      }
    }
    for (const { attributes } of named(page, 'svg')) {
      expect('aria-label' in attributes || attributes['aria-hidden'] === 'true').toBe(true)
    }
  })
})

describe('the colours of report.html', () => {
  const TEXTS = ['ink', 'muted', 'critical', 'warning']
  const DRAWINGS = ['past', 'd1', 'mean', 'receipt', 'time', 'only-af', 'only-store']

  it('stand out from the paper, in light and in dark', async () => {
    const page = pageOf(await runProduct(inputFiles(), { today: '2026-03-11' }))
    const palettes = [...page.matchAll(/:root\{([^}]*--paper[^}]*)\}/g)].map(([, colours = '']) =>
      Object.fromEntries(
        [...colours.matchAll(/--([\w-]+):(#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value]),
      ),
    )
    expect(palettes).toHaveLength(2)
    for (const { paper = '', ...colours } of palettes) {
      for (const name of TEXTS)
        expect(contrast(colours[name] ?? '', paper), name).toBeGreaterThan(4.5)
      for (const name of DRAWINGS)
        expect(contrast(colours[name] ?? '', paper), name).toBeGreaterThan(3)
    }
  })
})

/** As the Web Content Accessibility Guidelines measure it, 1 to 21. */
function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light + 0.05) / (dark + 0.05)
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
