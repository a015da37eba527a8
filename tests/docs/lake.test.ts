import { execFileSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FORMS, query, TOPICS, viewOf } from '../../packages/server/src/lake/lake.ts'
import { openTestLake, type TestLake } from '../lake/open-test-lake.ts'
import { fillBusyLog } from '../pipeline/busy-log.ts'
import { codeBlocks, quoted, readPage, section, tableRows } from './markdown.ts'

const PAGE = readPage('docs/lake.md').text
const COLUMNS = section(PAGE, 'Columns')

/** A Python that has what the examples import; null without one. */
const PYTHON =
  [process.env['BENCH_PYTHON'], 'python3'].find((python) => {
    try {
      if (python === undefined) return false
      execFileSync(python, ['-c', 'import duckdb, pandas, pyarrow'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  }) ?? null

describe('docs/lake.md', () => {
  let lake: TestLake
  beforeAll(async () => {
    lake = await openTestLake()
    await fillBusyLog(lake.log, 30)
    await lake.log.games({ type: 'install', player: 'player 1' })
    await lake.bring()
  })
  afterAll(() => lake.close())

  it.each(TOPICS)('says which columns %s has, with their types', (topic) => {
    const described = new Map<string, string>()
    const read = (text: string) => {
      for (const [name = '', type = ''] of tableRows(text))
        described.set(quoted(name), quoted(type))
    }
    const parts = COLUMNS.split(/^(?=`events-)/m)
    for (const part of parts) {
      const [head = ''] = part.split('\n')
      if (!head.startsWith('`events-') || head.includes(topic)) read(part)
    }
    const ours = Object.entries(FORMS[topic].columns).map(([name, { type }]) => [name, type])
    expect(Object.fromEntries(described)).toEqual({ ...Object.fromEntries(ours), date: 'DATE' })
  })

  it.each(TOPICS)('tells the columns of %s as its files have them', async (topic) => {
    const rows = await lake.rows(
      `SELECT column_name AS name, column_type AS type FROM (DESCRIBE ${viewOf(topic)})`,
    )
    const ours = Object.entries(FORMS[topic].columns).map(([name, { type }]) => ({ name, type }))
    expect(rows).toEqual([...ours, { name: 'date', type: 'DATE' }])
  })

  const questions = codeBlocks(PAGE).filter(({ language }) => language === 'sql')
  it('has questions', () => expect(questions.length).toBeGreaterThan(3))
  it.each(questions)('$text', async ({ text }) => {
    const signal = new AbortController().signal
    const answer = await lake.read((opened) => query(opened, text, 100, signal))
    expect(answer.rows.length).toBeGreaterThan(0)
  })

  const programs = codeBlocks(PAGE).filter(({ language }) => language === 'python')
  it('has programs', () => expect(programs.length).toBe(2))
  it.skipIf(PYTHON === null).each(programs)('$text', ({ text }) => {
    const folder = join(lake.folder, '..')
    cpSync(lake.folder, join(folder, 'data/lake'), { recursive: true })
    const said = execFileSync(PYTHON ?? '', ['-c', text], { cwd: folder, encoding: 'utf8' })
    expect(said).toContain('purchase')
  })
  it.runIf(PYTHON === null)(
    'skipped: its programs in Python, since no Python here has duckdb, pandas and pyarrow (BENCH_PYTHON names one)',
    () => undefined,
  )
})
