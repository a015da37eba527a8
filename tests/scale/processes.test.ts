import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { stopEngines } from '../../scripts/scale/engines.ts'
import { fetchJars } from '../../scripts/scale/jars.ts'
import { end, isAlive, launch } from '../../scripts/scale/processes.ts'
import { MissingRequirement, whyNot } from '../../scripts/scale/requirements.ts'
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

  it('leaves the log of the one before it', async () => {
    const log = join(folder, 'log')
    for (const before of ['the first\n', 'the second\n']) {
      writeFileSync(log, before)
      await end('it', aProcess(), 'SIGKILL')
      expect(readFileSync(`${log}.1`, 'utf8')).toBe(before)
    }
    expect(readdirSync(folder).sort()).toEqual(['log', 'log.1'])
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

describe('the jars', () => {
  const fetched = (maven: string) => fetchJars(maven, join(folder, 'cache'), () => undefined)
  const saying = (line: string): string => {
    const maven = join(folder, 'bin', 'mvn')
    launchable(maven, `echo '[ERROR] ${line}'; exit 1`)
    return maven
  }

  it('that a registry cannot send are none of our faults', () => {
    const maven = saying('Could not transfer artifact a:b:pom:1 from/to m (http://m): Unknown host')
    expect(() => fetched(maven)).toThrow(MissingRequirement)
    expect(() => fetched(maven)).toThrow('cannot be reached')
  })

  it('that no registry has are ours', () => {
    const maven = saying('Could not find artifact a:b:jar:1 in central (http://m)')
    expect(() => fetched(maven)).not.toThrow(MissingRequirement)
    expect(() => fetched(maven)).toThrow('Could not find artifact')
    expect(readdirSync(join(folder, 'cache'))).toEqual([])
  })
})

describe('a cluster that came up by half', () => {
  it('is stopped, however its processes take it, and a second time there is nothing to stop', async () => {
    const { ports } = testSettings({}, folder)
    const stubborn = launch({
      command: process.execPath,
      words: [
        '-e',
        'process.on("SIGTERM", () => {}); console.log("here"); setInterval(() => 0, 1000)',
      ],
      logFile: join(folder, 'log'),
    })
    const log = () => readFileSync(join(folder, 'log'), 'utf8')
    await vi.waitFor(() => expect(log()).toBe('here\n'), { timeout: 20_000 })
    const willing = aProcess()
    writeState(folder, {
      ports,
      processes: [
        { name: 'kafka', ...stubborn },
        { name: 'jobmanager', ...willing },
        { name: 'gateway', pid: willing.pid, began: 'another' },
      ],
    })
    const said: string[] = []
    await stopEngines(folder, { say: (line) => said.push(line), patienceMs: 500 })
    expect([stubborn, willing].map(isAlive)).toEqual([false, false])
    expect(said).toEqual([
      ...['gateway is stopped', 'jobmanager is stopped'],
      expect.stringMatching(/^kafka .* has not ended after SIGTERM: it is killed$/),
      'kafka is stopped',
    ])
    await stopEngines(folder, { say: (line) => said.push(line) })
    expect(said.at(-1)).toBe(`nothing was started in ${folder}`)
  }, 60_000)
})

function launchable(file: string, script: string): void {
  mkdirSync(join(folder, 'bin'), { recursive: true })
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
}
