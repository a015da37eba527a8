import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startCollector } from './fake-collector.ts'

const ROOT = join(import.meta.dirname, '../..')
/** Tells each module of OpenTelemetry, in all threads. */
const HOOK = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  import { writeSync } from 'node:fs'
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context)
      // The library of the metrics loads the API, which does nothing by itself.
      if (/@opentelemetry\\/(?!api\\/)/.test(found.url)) writeSync(2, 'LOADED ' + found.url + '\\n')
      return found
    },
  })
`)}`

/** What a server with its consumers loads until these run. */
async function loadedBy(settings: Readonly<Record<string, string>>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'questline-'))
  // A file takes what threads write at once; a pipe would refuse some of it.
  const file = join(folder, 'said')
  const said = openSync(file, 'w')
  const child = spawn(
    process.execPath,
    ['--import', HOOK, join(ROOT, 'packages/server/src/cli.ts'), 'start'],
    {
      cwd: folder,
      env: { HOST: '127.0.0.1', PORT: '0', DATA_DIR: folder, ...settings },
      stdio: ['ignore', said, said],
    },
  )
  const text = () => readFileSync(file, 'utf8')
  try {
    const address = () => /http:\/\/127\.0\.0\.1:\d+/.exec(text())?.[0]
    await expect.poll(address, { timeout: 20_000 }).toBeDefined()
    const metrics = async () => (await fetch(`${address()}/metrics`)).text()
    const held = 'questline_stage_lease_held{stage="windows"} 1'
    await expect.poll(metrics, { timeout: 20_000 }).toContain(held)
    return text().match(/LOADED/g)?.length ?? 0
  } finally {
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    await exit
    closeSync(said)
    rmSync(folder, { recursive: true, force: true })
  }
}

it('loads no module of OpenTelemetry when traces are off, in no thread', async () => {
  expect(await loadedBy({})).toBe(0)
}, 60_000)

it('loads them when traces are on', async () => {
  const collector = await startCollector()
  const loaded = await loadedBy({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  await collector.stop()
  expect(loaded).toBeGreaterThan(0)
}, 60_000)
