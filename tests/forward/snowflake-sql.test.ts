import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { recordOf } from '../../packages/server/src/forward/forward.ts'
import { renderViews } from './snowflake-views.ts'

const root = join(import.meta.dirname, '../..')
const folder = join(root, 'deploy/snowflake')
const files = readdirSync(folder).filter((name) => name.endsWith('.sql'))

const python = process.env['SQLGLOT_PYTHON'] ?? 'python3'
const hasParser = spawnSync(python, ['-c', 'import sqlglot'], { timeout: 30_000 }).status === 0
if (!hasParser) {
  console.warn('sqlglot is not here (pip install sqlglot, SQLGLOT_PYTHON): no SQL is parsed')
}
/** The statements of standard input, each by its kind, what it makes and the columns that it names. */
const PARSE = `
import json, sys, sqlglot
from sqlglot import exp
out = []
for s in sqlglot.parse(sys.stdin.read(), read="snowflake", error_level=sqlglot.ErrorLevel.RAISE):
    if s is None: continue
    made = s.this.this if isinstance(s.this, exp.Schema) else s.this
    if not isinstance(made, exp.Expression): made = None
    columns = [c.name.lower() for c in s.find_all(exp.ColumnDef)]
    select = s.find(exp.Select)
    out.append({"is": type(s).__name__, "kind": str(s.args.get("kind") or ""), "made": made.sql().lower() if made else "",
      "columns": columns or [c.lower() for c in select.named_selects] if select else columns,
      "from": [t.name.lower() for t in s.find_all(exp.Table) if t is not made]})
print(json.dumps(out))
`
type Parsed = {
  readonly is: string
  readonly kind: string
  readonly made: string
  readonly columns: readonly string[]
  readonly from: readonly string[]
}
function parsed(sql: string): readonly Parsed[] {
  const { status, stdout, stderr } = spawnSync(python, ['-c', PARSE], {
    input: sql,
    timeout: 30_000,
  })
  if (status !== 0) throw new Error(String(stderr))
  return JSON.parse(String(stdout))
}
const sqlOf = (file: string): string => readFileSync(join(folder, file), 'utf8')

describe('the SQL for Snowflake', () => {
  it('has a view for each family and version of the catalogue', async () => {
    const views = renderViews(join(root, 'schemas'))
    await expect(views).toMatchFileSnapshot(join(folder, '04-views.sql'))
  })

  it('has a column for each field of a row, and none besides', () => {
    const at = { occurredAt: 0, receivedAt: 0, correctedAt: 0 }
    const record = recordOf(
      { lane: 'log', position: 1 },
      {
        ...{ kind: 'game', app: 'game', eventId: 'e', eventType: 'purchase', playerId: null },
        ...{ ...at, sdk: null, event: {} },
      },
    )
    const fields = Object.keys(JSON.parse(String(record?.bytes)))
    const table = /CREATE TABLE IF NOT EXISTS game_events \(([\s\S]*?)\n\)/.exec(
      sqlOf('01-table.sql'),
    )
    const columns = [...(table?.[1] ?? '').matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name)
    expect(columns.toSorted()).toEqual(fields.toSorted())
  })

  it.skipIf(!hasParser).each(files)('of %s is understood by a parser of its dialect', (file) => {
    const statements = parsed(sqlOf(file))
    expect(statements.length).toBeGreaterThan(1)
    // What the parser does not know it takes as it is: users and roles.
    const isUnknown = statements.some(({ is }) => is === 'Command')
    expect(isUnknown).toBe(file === '02-loader.sql')
  })

  it.skipIf(!hasParser)('names no column that is not there', () => {
    const made = new Map<string, readonly string[]>()
    const faults: string[] = []
    for (const statement of files.toSorted().flatMap((file) => parsed(sqlOf(file)))) {
      if (statement.is !== 'Create' || statement.made.includes('.')) continue
      const names = new Set(statement.columns)
      if (names.size !== statement.columns.length) faults.push(`${statement.made}: a column twice`)
      for (const source of statement.from) {
        if (source !== statement.made && !made.has(source)) faults.push(`there is no ${source}`)
      }
      made.set(statement.made, statement.columns)
    }
    expect(faults).toEqual([])
    expect(made.get('events')).toEqual(made.get('game_events'))
  })
})
