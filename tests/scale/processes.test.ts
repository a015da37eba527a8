import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { end, isAlive, launch } from '../../scripts/scale/processes.ts'
import { whyNot } from '../../scripts/scale/requirements.ts'
import { testSettings } from '../../scripts/scale/settings.ts'
import { readState, runningOf, writeState } from '../../scripts/scale/state.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'questline-processes-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const aProcess = () =>
  launch({
    command: process.execPath,
    words: ['-e', 'console.log("here"); setInterval(() => 0, 1000)'],
    logFile: join(folder, 'log'),
  })

describe('a process that was started', () => {
  it('is ended by its id', async () => {
    const running = aProcess()
    expect(isAlive(running)).toBe(true)
    await end('it', running, 'SIGTERM')
    expect(isAlive(running)).toBe(false)
    await end('it', running, 'SIGTERM')
  })

  it('is left alone when another one has its id', async () => {
    const running = aProcess()
    const other = { ...running, began: `${running.began}0` }
    expect(isAlive(other)).toBe(false)
    await end('it', other, 'SIGKILL')
    expect(isAlive(running)).toBe(true)
    await end('it', running, 'SIGKILL')
  })

  it('is found again by what was written about it', async () => {
    const running = aProcess()
    const { ports } = testSettings({}, folder)
    writeState(folder, { ports, processes: [{ name: 'kafka', ...running }] })
    expect(runningOf(readState(folder), 'kafka')).toMatchObject(running)
    expect(runningOf(readState(folder), 'gateway')).toBeNull()
    const log = () => readFileSync(join(folder, 'log'), 'utf8')
    await vi.waitFor(() => expect(log()).toBe('here\n'), { timeout: 20_000 })
    await end('kafka', running, 'SIGTERM')
    expect(runningOf(readState(folder), 'kafka')).toBeNull()
  })
})

describe('without a JDK', () => {
  it('says which one is needed, and how to get it', () => {
    expect(whyNot({ JAVA_HOME: folder })).toMatch(
      /JDK of version 17 or newer; there is no .*java here\. Install/,
    )
  })

  it('of an age that will do, says what was found', () => {
    const java = join(folder, 'bin', 'java')
    launchable(java, 'echo \'openjdk version "1.8.0_392"\' >&2')
    expect(whyNot({ JAVA_HOME: folder })).toContain('says: openjdk version "1.8.0_392"')
  })
})

function launchable(file: string, script: string): void {
  mkdirSync(join(folder, 'bin'))
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
}
