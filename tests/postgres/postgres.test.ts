import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

/** Starts a server with the settings in its argument, prints its URL and waits to be killed. */
const STARTER = `
  import { startPostgres } from '${pathToFileURL(join(import.meta.dirname, 'postgres.ts')).href}'
  try {
    console.log((await startPostgres(JSON.parse(process.argv[1]))).url)
    process.stdin.resume()
  } catch (error) {
    console.error(error.message)
    process.exitCode = 3
  }`

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'questline-starter-'))
  chmodSync(folder, 0o755)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function starter(settings: Readonly<Record<string, string>>) {
  const flags = ['--input-type=module', '-e', STARTER, JSON.stringify(settings)]
  return spawn(process.execPath, flags, { env: { ...process.env, TMPDIR: folder } })
}

describe('startPostgres', () => {
  it('leaves no server and no directory when its starter is killed', async () => {
    const child = starter({})
    const url = String((await once(child.stdout, 'data'))[0]).trim()
    expect(readdirSync(folder)).toHaveLength(1)
    await expect(connect(url)).resolves.toBeUndefined()
    child.kill('SIGKILL')
    await vi.waitFor(() => expect(readdirSync(folder)).toEqual([]), { timeout: 20_000 })
    await expect(connect(url)).rejects.toThrow(/ECONNREFUSED/)
  })

  it('says why it did not start, and leaves no directory', async () => {
    const child = starter({ no_such_setting: '1' })
    const complaints = once(child.stderr, 'data')
    expect(await once(child, 'exit')).toEqual([3, null])
    const said = String((await complaints)[0])
    expect(said).toContain('PostgreSQL did not start.')
    expect(said).toContain('unrecognized configuration parameter "no_such_setting"')
    expect(readdirSync(folder)).toEqual([])
  })
})

async function connect(url: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.end()
}
