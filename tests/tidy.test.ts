import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOOR, type Files, inPlanted, lockfile, PROBLEM_ROWS, problemRow } from './tidy/planted.ts'
import { RULES, type Rule, type RuleName } from './tidy/rules.ts'

const ROOT = join(import.meta.dirname, '..')
const SERVER = 'packages/server/src'

describe.each(Object.entries<Rule>(RULES))('%s', (_name, rule) => {
  it('holds in this repository', () => expect(rule(ROOT)).toEqual([]))
  it('finds nothing in a clean tree', () => expect(inPlanted({}, rule)).toEqual([]))
})

type Fault = { readonly plant: Files; readonly finds: readonly string[] }

/** One line of `text` in a file of the ledger, which is found as `fault` in line 1. */
const inLedger = (text: string, fault: string): Fault => ({
  plant: { [`${SERVER}/ledger/planted.ts`]: `${text}\n` },
  finds: [`${SERVER}/ledger/planted.ts:1: ${fault}`],
})
const inFile = (path: string, text: string, finding: string): Fault => ({
  plant: { [path]: text },
  finds: [`${path}${finding}`],
})

/** A gate that cannot close guards nothing: each rule must find each of these, and nothing else. */
const PLANTED: Readonly<Record<RuleName, readonly Fault[]>> = {
  'the server imports upstream only, through front doors': [
    inLedger("import { append } from '../log/log.ts'", 'ledger must not import log'),
    inLedger(
      "import type { Player } from '../accounts/accounts.ts'",
      'ledger must not import accounts',
    ),
    inLedger("export * from '../attribution/attribution.ts'", 'ledger must not import attribution'),
    inLedger("import '../http/http.ts'", 'ledger must not import http'),
    inLedger("const main = await import('../main.ts')", 'ledger must not import main'),
    inLedger('const x = require(`../cli.ts`)', 'ledger must not import cli'),
    inLedger("import type { Config } from '../config.ts'", 'ledger must not import config'),
    inLedger("new Worker(new URL('../log/w.ts', import.meta.url))", 'ledger must not import log'),
    inLedger("type T = import('../log/log.ts').T", 'ledger must not import log'),
    inLedger(
      "import '../store/sqlite/sqlite.ts'",
      'import store/store.ts, not store/sqlite/sqlite.ts',
    ),
    inLedger("import sdk from '@questline/sdk'", 'ledger must not import sdk'),
    inLedger("import '@questline/sdk/players'", 'ledger must not import sdk'),
    inLedger(
      "import '../../../contracts/src/limits.ts'",
      `../../../contracts/src/limits.ts leaves ${SERVER}/`,
    ),
    inFile(
      `${SERVER}/http/x.ts`,
      "import {\n  q,\n} from '../store/store.ts'\n",
      ':3: http must not import store',
    ),
    inFile(
      `${SERVER}/simulate/x.ts`,
      "import '../ledger/ledger.ts'",
      ':1: simulate must not import ledger',
    ),
    inFile(
      `${SERVER}/platform/x.ts`,
      "import '@questline/contracts'",
      ':1: platform must not import contracts',
    ),
    inFile(`${SERVER}/backup.ts`, "import './log/log.ts'", ':1: backup must not import log'),
    inLedger("import { secrets } from '../secrets.ts'", 'ledger must not import secrets'),
    inFile(`${SERVER}/shop/shop.ts`, DOOR, ': shop is not in the import table'),
  ],
  'packages import each other by name, as the table says': [
    inLedger(
      "import '@questline/contracts/src/limits.ts'",
      'import @questline/contracts, not @questline/contracts/src/limits.ts',
    ),
    inFile(
      'tests/x.test.ts',
      "import '@questline/contracts/x'",
      ':1: import @questline/contracts, not @questline/contracts/x',
    ),
    inFile(
      'packages/contracts/src/x.ts',
      "import 'node:fs'",
      ':1: contracts must not import node:fs',
    ),
    inFile(
      'packages/contracts/src/x.ts',
      "import pg from 'pg'",
      ':1: contracts must not import pg',
    ),
    inFile(
      'packages/contracts/src/x.ts',
      "import '@questline/sdk'",
      ':1: contracts must not import sdk',
    ),
    inFile(
      'packages/contracts/src/x.ts',
      "import '../../server/src/main.ts'",
      ':1: ../../server/src/main.ts leaves packages/contracts/src/',
    ),
    inFile(
      'tests/x.ts',
      "import '@questline/sdk/src/queue.ts'",
      ':1: import @questline/sdk, not @questline/sdk/src/queue.ts',
    ),
    inFile('packages/sdk/src/x.ts', "import 'questline'", ':1: sdk must not import server'),
    inFile(
      'packages/console/src/y.tsx',
      "import '@questline/sdk/players'",
      ':1: console must not import sdk',
    ),
    inFile(
      'packages/console/src/x.tsx',
      "import '@questline/sdk'",
      ':1: console must not import sdk',
    ),
    inLedger("import '@questline/console'", 'server must not import console'),
    inFile('packages/tools/src/x.ts', '', ': tools is no known package'),
  ],
  'only config.ts reads the environment': [
    inLedger("const url = process.env['URL']", 'only config.ts reads the environment'),
    inLedger("const url = process['env']", 'only config.ts reads the environment'),
    inLedger('const { env } = process', 'only config.ts reads the environment'),
    inFile(`${SERVER}/main.ts`, 'start(process.env)', ':1: only config.ts reads the environment'),
    inFile(
      'packages/sdk/src/x.ts',
      'const a = import.meta.env.A',
      ':1: only config.ts reads the environment',
    ),
  ],
  'time, randomness and ids are passed in': [
    inLedger('const at = Date.now()', 'Date.now must be passed in'),
    inLedger('const clock = Date.now', 'Date.now must be passed in'),
    inLedger('const at = new Date()', 'new Date() must be passed in'),
    inLedger('const at = new Date', 'new Date() must be passed in'),
    inLedger('const luck = Math.random()', 'Math.random must be passed in'),
    inLedger("import { randomUUID } from 'node:crypto'", 'randomUUID must be passed in'),
    inLedger('const since = performance.now()', 'performance.now must be passed in'),
    inFile(`${SERVER}/store/main.ts`, 'Date.now()', ':1: Date.now must be passed in'),
  ],
  'only the store knows the dialect': [
    inLedger("if (store.dialect === 'sqlite') run()", 'only store/ knows the dialect'),
    inLedger('switch (store.dialect) {}', 'only store/ knows the dialect'),
    inLedger("const q = 'postgres' === sqlDialect ? 1 : 2", 'only store/ knows the dialect'),
    inLedger('if (isServer(dialect)) run()', 'only store/ knows the dialect'),
    inFile(
      `${SERVER}/main.ts`,
      "const q = a.dialect !== 'sqlite'",
      ':1: only store/ knows the dialect',
    ),
  ],
  'open work has an issue number': [
    inLedger('// TODO: round', 'TODO without an issue number'),
    inFile('tests/x.ts', '/**\n * FIXME later\n */', ':2: FIXME without an issue number'),
    inFile('bench/x.ts', 'run() // XXX', ':1: XXX without an issue number'),
    inFile(
      'packages/contracts/src/x.ts',
      'f()\n// TODO (soon)',
      ':2: TODO without an issue number',
    ),
  ],
  'files are short': [
    inFile(`${SERVER}/ledger/x.ts`, 'run()\n'.repeat(501), ': 501 lines, more than 500'),
    inFile('tests/x.test.ts', 'run()\n'.repeat(501), ': 501 lines, more than 500'),
    inFile('bench/x.ts', 'run()\n'.repeat(501), ': 501 lines, more than 500'),
    { plant: { 'tests/x.ts': 'run()\n'.repeat(500) }, finds: [] },
  ],
  'no file or folder has a catch-all name': [
    ...['utils', 'common', 'misc', 'helpers', 'lib', 'types', 'manager'].map((name) =>
      inFile(`${SERVER}/ledger/${name}.ts`, '', `: "${name}" says nothing, name the thing`),
    ),
    inFile('tests/helpers/x.ts', '', ': "helpers" says nothing, name the thing'),
    inFile('packages/contracts/src/utils.test.ts', '', ': "utils" says nothing, name the thing'),
  ],
  'each folder of the server has a front door': [
    inFile(
      `${SERVER}/ledger/ledger.ts`,
      'export {}\n',
      ': begins with 0 lines of comment, not 2 to 6',
    ),
    inFile(
      `${SERVER}/ledger/ledger.ts`,
      '// One.\nexport {}\n',
      ': begins with 1 lines of comment, not 2 to 6',
    ),
    inFile(
      `${SERVER}/ledger/ledger.ts`,
      `${'// More.\n'.repeat(7)}export {}\n`,
      ': begins with 7 lines of comment, not 2 to 6',
    ),
    {
      plant: { [`${SERVER}/ledger/ledger.ts`]: null },
      finds: [`${SERVER}/ledger/ledger.ts: missing, the folder has no front door`],
    },
    {
      plant: { [`${SERVER}/windows/flink/gateway.ts`]: '' },
      finds: [`${SERVER}/windows/windows.ts: missing, the folder has no front door`],
    },
  ],
  'no file is big': [
    inFile('docs/picture.png', 'x'.repeat(500 * 1_024 + 1), ': 501 KB, more than 500'),
    { plant: { 'node_modules/big.js': 'x'.repeat(600_000) }, finds: [] },
  ],
  'git ignores no source': [
    {
      plant: { '.gitignore': 'reports/\n', [`${SERVER}/reports/reports.ts`]: DOOR },
      finds: [`${SERVER}/reports/reports.ts: ignored by git`],
    },
  ],
  'docs/problems.md explains exactly the problem codes': [
    { plant: { 'docs/problems.md': null }, finds: ['docs/problems.md: missing'] },
    inFile(
      'docs/problems.md',
      PROBLEM_ROWS.replace(/^\| `forbidden`.*\n/m, ''),
      ': forbidden is not explained',
    ),
    inFile(
      'docs/problems.md',
      PROBLEM_ROWS + problemRow('teapot', 418, false),
      ': teapot does not exist',
    ),
    inFile(
      'docs/problems.md',
      PROBLEM_ROWS + problemRow('forbidden', 403, false),
      ': forbidden is explained twice',
    ),
    inFile(
      'docs/problems.md',
      PROBLEM_ROWS.replace('`forbidden` | 403', '`forbidden` | 401'),
      ': forbidden has status 403, not 401',
    ),
    inFile(
      'docs/problems.md',
      PROBLEM_ROWS.replace('`overloaded` | 503 | yes', '`overloaded` | 503 | no'),
      ': overloaded has retry yes, not no',
    ),
    inFile(
      'docs/problems.md',
      PROBLEM_ROWS.replace(/(`forbidden`.*)It happened\./, '$1'),
      ': forbidden has an empty cell',
    ),
  ],
  'the lockfile records no download address': [
    inFile(
      'package-lock.json',
      '{\n  "resolved": "https://registry.example/a.tgz"\n}\n',
      ':2: records a download address',
    ),
    { plant: { 'package-lock.json': null }, finds: ['package-lock.json: missing'] },
  ],
  'the lockfile has every dependency': [
    {
      plant: {
        'package-lock.json': lockfile({
          '': { devDependencies: { tool: '1.0.0', gone: '1.0.0' } },
          'node_modules/tool': { optionalDependencies: { 'tool-darwin': '1.0.0' } },
          'node_modules/other/node_modules/tool-darwin': { dependencies: { lost: '1.0.0' } },
        }),
      },
      finds: [
        'package-lock.json: gone, needed by the root, has no entry',
        'package-lock.json: tool-darwin, needed by node_modules/tool, has no entry',
        'package-lock.json: lost, needed by node_modules/other/node_modules/tool-darwin, has no entry',
      ],
    },
    { plant: { 'package-lock.json': null }, finds: ['package-lock.json: missing'] },
  ],
}

describe.each(Object.entries(PLANTED))('%s: a planted fault', (name, faults) => {
  const rule = Object.entries<Rule>(RULES).find(([known]) => known === name)?.[1]
  it.each(faults.map(({ plant, finds }) => [finds[0] ?? 'allowed', plant, finds] as const))(
    'is found: %s',
    (_title, plant, finds) => expect(rule && inPlanted(plant, rule)).toEqual(finds),
  )
})

describe('the linter: a planted fault', () => {
  const biome = join(ROOT, 'node_modules/.bin/biome')
  const settings = readFileSync(join(ROOT, 'biome.json'), 'utf8')
  const long = (lines: number): string =>
    `export function long(): number {\n  let a = 0\n${'  a += 1\n'.repeat(lines - 2)}  return a\n}\n`
  const cases: readonly (readonly [string, string, string])[] = [
    ['complexity/noExcessiveLinesPerFunction', `${SERVER}/x.ts`, long(71)],
    ['complexity/noExcessiveLinesPerFunction', 'bench/x.ts', long(71)],
    ['complexity/noExcessiveLinesPerFunction', 'tests/x.ts', long(71)],
    ['style/noDefaultExport', `${SERVER}/x.ts`, 'const x = 1\nexport default x\n'],
    ['suspicious/noExplicitAny', `${SERVER}/x.ts`, 'export const x = (y: any) => y\n'],
    ['style/noNonNullAssertion', `${SERVER}/x.ts`, 'export const x = (y?: Date) => y!.getTime()\n'],
    [
      'nursery/noFloatingPromises',
      `${SERVER}/x.ts`,
      'async function f() {}\nexport const g = () => {\n  f()\n}\n',
    ],
  ]
  const lint = (root: string, path: string): (string | undefined)[] => {
    const run = spawnSync(biome, ['lint', '--reporter=github', path], { cwd: root })
    return [...run.stdout.toString().matchAll(/title=lint\/([\w/]+)/g)].map(([, rule]) => rule)
  }
  it.each(cases)('is found by %s in %s', (rule, path, text) => {
    const plant = { 'biome.json': settings, [path]: text }
    expect(inPlanted(plant, (root) => lint(root, path))).toEqual([rule])
  })
  it('finds nothing in a function of 70 lines', () => {
    const plant = { 'biome.json': settings, 'tests/x.ts': long(70) }
    expect(inPlanted(plant, (root) => lint(root, 'tests/x.ts'))).toEqual([])
  })
})
