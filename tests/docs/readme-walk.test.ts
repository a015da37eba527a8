import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshSqlite } from '../database.ts'
import { startServer, type TestServer } from '../http/server.ts'
import { type CodeBlock, codeBlocks, ROOT, readPage, section } from './markdown.ts'

const SECTION = 'Five minutes with curl'
const ADDRESS = 'http://127.0.0.1:8000'
const blocks = codeBlocks(section(readPage('README.md').text, SECTION))

type Step = { readonly command: string; readonly output: string }

/** Each `sh` block with the `text` block behind it, which is what it prints; nothing without one. */
function stepsOf(all: readonly CodeBlock[]): Step[] {
  return all.flatMap(({ language, text }, index) => {
    if (language !== 'sh') return []
    const next = all[index + 1]
    return [{ command: text, output: next?.language === 'text' ? next.text : '' }]
  })
}
const steps = stepsOf(blocks)

const TOOLS = ['bash', 'curl', 'openssl', 'sed', 'grep']
const missing = TOOLS.filter((tool) => spawnSync(tool, ['--version']).error !== undefined)
const title =
  missing.length === 0 ? 'runs' : `skipped: ${missing.join(', ')} not on this machine; runs`

const MARK = '--- next step ---'

let folder = ''
let server: TestServer
let printed: string[] = []
let errors = ''

beforeAll(async () => {
  if (missing.length > 0) return
  folder = await mkdtemp(join(tmpdir(), 'questline-walk-'))
  // As `npm start` in a new clone: the books and the secrets are in the folder `data` beside it.
  server = await startServer(
    { name: 'sqlite', fresh: freshSqlite },
    { settings: { DATA_DIR: join(folder, 'data'), DATABASE_URL: '' } },
  )
  const script = steps.map(({ command }) => command).join(`echo '${MARK}'\n`)
  const run = await runBash(script.replaceAll(ADDRESS, server.url))
  printed = run.output.split(`${MARK}\n`)
  errors = run.errors
})
afterAll(async () => {
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** One shell for all steps, as a reader has one. `npx questline` is this repository's. */
function runBash(script: string): Promise<{ readonly output: string; readonly errors: string }> {
  const env = {
    PATH: [join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
    PORT: new URL(server.url).port,
    HOME: folder,
    LOG_LEVEL: 'warn',
  }
  const commands = script.replaceAll('npx questline', 'questline')
  return new Promise((resolve, reject) => {
    execFile(
      'bash',
      ['--norc', '-eu', '-c', commands],
      { cwd: folder, env },
      (error, output, errors) => {
        if (error) reject(new Error(`the walk stopped: ${errors}\n${output}`, { cause: error }))
        else resolve({ output: output.replaceAll('\r', ''), errors })
      },
    )
  })
}

/** `…` in the README stands for whatever differs from run to run, within a line. */
function fits(actual: string, shown: string): boolean {
  const parts = shown.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.+')}$`).test(actual)
}

describe.skipIf(missing.length > 0)(`the README's walk: ${title}`, () => {
  it('has steps', () => expect(steps.length).toBeGreaterThan(5))

  it.each(
    steps.map(({ command, output }, index) => [command.split('\n')[0], output, index] as const),
  )('prints what it shows: %s', (_command, output, index) => {
    const actual = (printed[index] ?? 'nothing').replaceAll(server.url, ADDRESS)
    expect(fits(actual, output) ? output : actual).toBe(output)
  })

  it('complains of nothing', () => expect(errors).toBe(''))

  it('would not fit another output', () => {
    expect(fits('{"balance":50}\n', '{"balance":50}\n')).toBe(true)
    expect(fits('{"balance":51}\n', '{"balance":50}\n')).toBe(false)
    expect(fits('{"token":"abc","userId":"ada"}\n', '{"token":"…","userId":"ada"}\n')).toBe(true)
    expect(fits('{"token":"abc"}\n{"userId":"ada"}\n', '{"token":"…","userId":"ada"}\n')).toBe(
      false,
    )
  })
})
