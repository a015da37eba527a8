import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const CONFIG = `
  import { countingReporter } from '${join(ROOT, 'tests/counting-reporter.ts')}'
  export default { test: { globals: true, include: ['*.test.js'], reporters: [countingReporter] } }`

/** The last line and the exit code of a run over `tests`, name → source. */
function run(
  tests: Readonly<Record<string, string>>,
): readonly [string | undefined, number | null] {
  const folder = mkdtempSync(join(tmpdir(), 'questline-counts-'))
  try {
    writeFileSync(join(folder, 'vitest.config.ts'), CONFIG)
    for (const [name, text] of Object.entries(tests)) writeFileSync(join(folder, name), text)
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
    const { stdout, status } = spawnSync(process.execPath, [vitest, 'run', '--root', folder])
    return [stdout.toString().trimEnd().split('\n').at(-1), status]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const GREEN =
  "it('passes', () => {}); it('passes too', () => {}); it.skip('is skipped', () => {})\n"

describe('the last line of a run', () => {
  it('counts what passed and what was skipped', () => {
    expect(run({ 'a.test.js': GREEN })).toEqual(['2 passed, 0 failed, 1 skipped', 0])
  })

  it.each([
    [
      'a test that fails',
      `${GREEN}it('fails', () => { throw new Error('no') })`,
      '2 passed, 1 failed, 1 skipped',
    ],
    [
      'a hook that fails',
      `${GREEN}afterAll(() => { throw new Error('no') })`,
      '2 passed, 1 failed, 1 skipped',
    ],
    [
      'an error that nobody caught',
      GREEN +
        "setTimeout(() => { throw new Error('no') }, 0); it('waits', () => new Promise((done) => setTimeout(done, 100)))",
      '3 passed, 1 failed, 1 skipped',
    ],
  ])('counts %s', (_what, text, line) => {
    expect(run({ 'a.test.js': text })).toEqual([line, 1])
  })

  it('counts each hook that fails', () => {
    const failing = "afterAll(() => { throw new Error('no') }); it('passes', () => {})"
    const text = `describe('one', () => { ${failing} }); describe('two', () => { ${failing} })`
    expect(run({ 'a.test.js': text })).toEqual(['2 passed, 2 failed, 0 skipped', 1])
  })

  it('counts each file that does not load', () => {
    const broken = "import './missing.js'"
    const tests = { 'a.test.js': GREEN, 'b.test.js': broken, 'c.test.js': broken }
    expect(run(tests)).toEqual(['2 passed, 2 failed, 1 skipped', 1])
  })

  it('says that a run without tests has failed', () => {
    expect(run({})).toEqual(['0 passed, 1 failed, 0 skipped', 1])
  })
})
