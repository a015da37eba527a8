// npm run test:scale [-- words for vitest]: the tests that need the engines, on a cluster of their own.
// Exit code 2: they cannot be run here, for want of a JDK, Maven or its registry.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  MissingRequirement,
  removeData,
  startEngines,
  stopEngines,
  testSettings,
} from './engines.ts'

const ROOT = join(import.meta.dirname, '../..')
/** Far beyond what they take: only so that a run ends that hangs. */
const LIMIT_MS = 40 * 60_000
const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

async function runTests(ending: AbortSignal): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'questline-scale-test-'))
  try {
    const { addresses } = await startEngines(testSettings(process.env, folder), { say })
    if (ending.aborted) return 1
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
    const words = ['run', '--config', 'vitest.scale.config.ts', ...process.argv.slice(2)]
    const tests = spawn(process.execPath, [vitest, ...words], {
      cwd: ROOT,
      env: { ...process.env, KAFKA_BROKERS: addresses.KAFKA_BROKERS, SCALE_DIR: folder },
      stdio: 'inherit',
    })
    ending.addEventListener('abort', () => tests.kill('SIGTERM'))
    const limit = setTimeout(() => {
      say(`scale: the tests have not ended after ${LIMIT_MS / 60_000} minutes`)
      tests.kill('SIGKILL')
    }, LIMIT_MS)
    const [code] = await once(tests, 'exit')
    clearTimeout(limit)
    if (code !== 0) renameSync(join(folder, 'log'), `${folder}-log`)
    return typeof code === 'number' ? code : 1
  } finally {
    // Without a word: the last line is the count of the tests. Where they failed the logs stay.
    await stopEngines(folder)
    removeData(folder)
  }
}

// The cluster is stopped all the same.
const ending = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ending.abort())

try {
  process.exitCode = await runTests(ending.signal)
} catch (error) {
  if (!(error instanceof MissingRequirement)) throw error
  say(`scale: ${error.message}`)
  process.exitCode = 2
}
