import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig, settingNames } from '../../packages/server/src/config/config.ts'
import { freshSqlite } from '../database.ts'
import { PRODUCTION, startServer } from '../http/server.ts'
import { quoted, ROOT, readPage, section, tableRows } from './markdown.ts'

const PAGE = readPage('docs/operations.md').text
const settings = tableRows(section(PAGE, 'Settings')).map(
  ([name = '', byDefault = '', , production = '']) => ({
    name: quoted(name),
    byDefault: byDefault === '–' ? '' : quoted(byDefault),
    production: /^`([^`]*)`/.exec(production)?.[1] ?? null,
  }),
)

/** The default is a fact of the machine. */
const OF_THE_MACHINE = new Set(['PASSWORD_HASHES_AT_ONCE', 'REPORTS_THREADS'])

describe('the settings', () => {
  it('are all in the table, and no others', () => {
    expect(settings.map(({ name }) => name).sort()).toEqual([...settingNames()].sort())
  })

  it.each(settings)('$name is $byDefault by default', ({ name, byDefault }) => {
    if (OF_THE_MACHINE.has(name)) return expect(byDefault).toBe('number of cores')
    expect(loadConfig({ [name]: byDefault })).toEqual(loadConfig({}))
  })

  it('are in .env.example with the same defaults', () => {
    const example = readFileSync(join(ROOT, '.env.example'), 'utf8')
    const found = [...example.matchAll(/^#([A-Z][A-Z0-9_]+)=(.*)$/gm)]
    const documented = settings.filter(({ name }) => !OF_THE_MACHINE.has(name))
    const shown = found.map(([, name = '', byDefault = '']) => ({ name, byDefault }))
    expect(shown.filter(({ name }) => !OF_THE_MACHINE.has(name)).sort(byName)).toEqual(
      documented.map(({ name, byDefault }) => ({ name, byDefault })).sort(byName),
    )
  })

  const inProduction = settings.filter(({ production }) => production !== null)
  it.each(inProduction)('$name is $production in production', ({ name, production }) => {
    expect(loadConfig({ ...PRODUCTION, [name]: production ?? '' })).toEqual(loadConfig(PRODUCTION))
  })

  const alike = settings.filter(
    ({ name, byDefault, production }) =>
      production === null && byDefault !== '' && !OF_THE_MACHINE.has(name),
  )
  it.each(alike)('$name is $byDefault in production too', ({ name, byDefault }) => {
    if (name === 'ENVIRONMENT') return
    expect(loadConfig({ ...PRODUCTION, [name]: byDefault })).toEqual(loadConfig(PRODUCTION))
  })
})

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : 1

describe('the doors', () => {
  const rows = tableRows(section(PAGE, 'Doors'))
  const doorsWith = (env: Readonly<Record<string, string>>): object => {
    try {
      return loadConfig(env).doors
    } catch {
      return {}
    }
  }

  it('are all in the table, and no others', () => {
    const isDoor = (name: string) => Object.values(doorsWith({ [name]: 'off' })).includes(false)
    const textual = settingNames().filter((name) => name !== 'ENVIRONMENT')
    expect(rows.map(([name = '']) => quoted(name))).toEqual(textual.filter(isDoor))
  })

  it.each(rows)('%s is %s in development and %s in production', (name, development, production) => {
    const setting = quoted(name ?? '')
    expect(doorsWith({ [setting]: development === 'open' ? 'on' : 'off' })).toEqual(doorsWith({}))
    expect(doorsWith({ ...PRODUCTION, [setting]: 'off' })).toEqual(doorsWith(PRODUCTION))
    const opened = doorsWith({ ...PRODUCTION, [setting]: 'on', EARN_DAILY_MAX: '1' })
    expect(production).toBe(Object.keys(opened).length === 0 ? 'closed for good' : 'closed')
  })
})

describe('the metrics', () => {
  it('are those that the server has, and alerts ask for no others', async () => {
    const server = await startServer({ name: 'sqlite', fresh: freshSqlite })
    try {
      const { text } = await server.send('/metrics')
      const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)]
      const served = types.map(([, name = '', type = '']) => `${name} ${type}`)
      const ours = served.filter((one) => !/^questline_(process|nodejs)_/.test(one))
      const health = section(PAGE, 'Health and metrics')
      const listed = tableRows(health.slice(health.indexOf('| Metric')))
      const documented = listed.map(([name = '', type = '']) => `${quoted(name)} ${type}`)
      expect(documented.sort()).toEqual(ours.sort())

      const names = new Set(types.map(([, name = '']) => name))
      const asked = [...PAGE.matchAll(/questline_[a-z_]+[a-z]/g)].map(([name]) =>
        name.replace(/_(bucket|count|sum)$/, ''),
      )
      const unknown = asked.filter((name) => !names.has(name))
      expect(unknown).toEqual(['questline_process', 'questline_nodejs'])
    } finally {
      await server.stop()
    }
  })
})

describe('the audit', () => {
  it('names each kind of discrepancy once', () => {
    const findings = join(ROOT, 'packages/server/src/audit/findings.ts')
    const kinds = [...readFileSync(findings, 'utf8').matchAll(/^ {2}\| '([a-z-]+)'$/gm)]
    const documented = tableRows(section(PAGE, 'Audit')).map(([kind = '']) => quoted(kind))
    expect(kinds.length).toBeGreaterThan(5)
    expect(documented.sort()).toEqual(kinds.map(([, kind = '']) => kind).sort())
  })
})
