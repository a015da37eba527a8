import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PROBLEMS } from '@questline/contracts'

/** Path → text. `null` takes a file of the clean tree away. */
export type Files = Readonly<Record<string, string | null>>

export const DOOR = '// What the folder is.\n// What it promises.\n'

export const problemRow = (code: string, status: number, retry: boolean): string =>
  `| \`${code}\` | ${status} | ${retry ? 'yes' : 'no'} | new key | It happened. |\n`

export const PROBLEM_ROWS = Object.entries(PROBLEMS)
  .map(([code, { status, retry }]) => problemRow(code, status, retry))
  .join('')

export function lockfile(packages: Readonly<Record<string, object>>): string {
  return `${JSON.stringify({ packages }, null, 2)}\n`
}

/** A small repository in which every rule holds, also where it only looks as if it did not. */
const CLEAN: Files = {
  '.gitignore': 'node_modules/\n',
  'package-lock.json': lockfile({
    '': { devDependencies: { tool: '1.0.0' } },
    'packages/server': {
      dependencies: { ours: '1.0.0', tool: '1.0.0' },
      text: 'x'.repeat(600_000),
    },
    'packages/server/node_modules/ours': { dependencies: { deep: '1.0.0' } },
    'packages/server/node_modules/ours/node_modules/deep': {},
    'node_modules/tool': { optionalDependencies: { 'tool-darwin': '1.0.0' } },
    'node_modules/tool-darwin': { optional: true, resolved: 'packages/tool' },
  }),
  'docs/problems.md': `| Code | Status |\n|---|---|\n${PROBLEM_ROWS}`,
  'packages/contracts/src/contracts.ts':
    "import { Type } from 'typebox'\nimport { Value } from 'typebox/value'\nexport * from './limits.ts'\n",
  'packages/contracts/src/limits.ts': 'export const PAIR = Buffer.from("node:fs")\n',
  'packages/contracts/src/contracts.test.ts': "import { readFileSync } from 'node:fs'\n",
  'packages/sdk/package.json': '{ "exports": { ".": "./src/sdk.ts", "./players": "./src/p.ts" } }',
  'packages/sdk/src/sdk.ts': "import '@questline/contracts'\n",
  'packages/server/src/simulate/simulate.ts': `${DOOR}import '@questline/sdk/players'\n`,
  'packages/server/src/main.ts':
    "import { sql } from './store/sqlite/sqlite.ts'\nimport './cli/start.ts'\nimport './config/config.ts'\nconst now = Date.now()\n",
  'packages/server/src/cli.ts': '#!/usr/bin/env node\nconst id = crypto.randomUUID()\n',
  'packages/server/src/cli/start.ts': "import '../http/http.ts'\nconst now = new Date()\n",
  'packages/server/src/secrets.ts': "import { sql } from './store/sqlite/sqlite.ts'\n",
  'packages/server/src/config/config.ts': `${DOOR}import '../secrets.ts'\nimport type { StoreSettings } from '../store/store.ts'\nexport const read = () => process.env\n`,
  'packages/server/src/platform/platform.ts': `${DOOR}export const now = () => Date.now()\n`,
  'packages/server/src/store/store.ts': `${DOOR}import { now } from '../platform/platform.ts'\nexport const q = (s: { dialect: string }) => (s.dialect === 'sqlite' ? '?' : '$')\n`,
  'packages/server/src/store/sqlite/sqlite.ts': "import { q } from '../store.ts'\n",
  'packages/server/src/store/store.contract.ts': "import '../ledger/entries.ts'\n",
  'packages/server/src/ledger/ledger.ts': [
    '/**\n * What the folder is.\n * What it promises.\n */',
    "import { PROBLEMS } from '@questline/contracts'",
    "import type { StoreSettings } from '../store/store.ts'",
    "import { entry } from './entries.ts'",
    "// import { append } from '../log/log.ts' would be Date.now() and Math.random().",
    '/* process.env, new Date() */ const text = "process.env, Date.now()"',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text.
    "const more = `new Date() ${text} from '../log/log.ts'`",
    'const quote = /[\'"`]/ // TODO see #12: this quote must not begin a string',
    'const at = new Date(0).getTime() + Number(process.pid)',
    "if (verbose) log({ dialect: store.dialect ?? 'none' }, new DateFormat())",
    'type Shown = { readonly dialect?: string; now(): Date }',
    '',
  ].join('\n'),
  'packages/server/src/ledger/entries.ts': "export const entry = '@questline/contracts/src/x.ts'\n",
  'packages/server/src/ledger/ledger.test.ts':
    "import '../store/sqlite/sqlite.ts'\nimport '../http/http.ts'\nimport '../../../../tests/database.ts'\nconst path = process.env['PATH']\n",
  'packages/server/src/http/http.ts': `${DOOR}import '../ledger/ledger.ts'\n`,
  'tests/journey.test.ts': "import '../packages/server/src/store/sqlite/sqlite.ts'\n",
  'bench/bench.ts': "const duration = process.env['SECONDS'] ?? Date.now()\n",
}

/** Calls `work` with a new folder that holds the clean tree with `changes` laid over it. */
export function inPlanted<T>(changes: Files, work: (root: string) => T): T {
  const root = mkdtempSync(join(tmpdir(), 'questline-tidy-'))
  try {
    execFileSync('git', ['init', '--quiet'], { cwd: root })
    for (const [path, text] of Object.entries({ ...CLEAN, ...changes })) {
      if (text === null) continue
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    return work(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
