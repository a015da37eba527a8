import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { questline, spawnQuestline } from './questline.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'questline-demo-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** The published reports by name, with the hashes of their bytes. */
async function outputsOf(reports: string): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse(await readFile(join(reports, 'run.json'), 'utf8')).outputs
}

describe('questline demo', () => {
  it('plays, finds everything right, and can be run again, whatever the settings of a server say', async () => {
    // What a real server in this folder would be set to; the demo must touch none of it.
    const settings = {
      ...{ PORT: '0', ENVIRONMENT: 'production', HOST: '0.0.0.0' },
      DATABASE_URL: 'postgresql://127.0.0.1:1/precious',
    }
    const first = await questline(['demo', '--once', '--json'], { folder, settings })
    expect(first).toMatchObject({ exit: 0, errors: '' })
    const { address, database, game, audit, reports, simulation } = JSON.parse(first.output)
    expect({ database, mismatches: game.mismatches }).toEqual({
      ...{ database: 'data/demo/app.db', mismatches: [] },
    })
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:/)
    expect(audit).toMatchObject({ ok: true, checked: { players: 15 } })
    expect(game.statuses['429']).toBeUndefined()
    expect(reports).toMatchObject({ run: expect.any(String), mismatches: [] })
    expect(simulation).toMatchObject({ right: true, faults: [], differences: [] })
    expect(await readdir(join(folder, 'data'))).toEqual(['demo'])
    const made = await outputsOf(join(folder, 'data/demo/reports'))
    expect(Object.keys(made)).toContain('report.html')

    const again = await questline(['demo', '--once'], { folder, settings })
    expect(again, again.output).toMatchObject({ exit: 0, errors: '' })
    expect(again.output).toContain('every answer and every balance was as the players expect')
    expect(again.output).toContain('audit clean: 30 accounts of 30 players')
    expect(again.output).toContain('every row ended where it was planted to end')
    expect(again.output).toContain("the numbers are those of the game's own count, to the micro")
    expect(again.output).toMatch(/\|window +\|country +\|country_revenue *\|\n/)
    const words = /npx questline (reports run .*?) {2}/.exec(again.output)?.[1]?.split(' ') ?? []
    expect(await questline([...words, '--json'], { folder })).toMatchObject({ exit: 0 })
    expect(await outputsOf(join(folder, 'data/demo/reports'))).toEqual(made)
  }, 120_000)

  it('stays up, prints commands that work, and ends with 0 on Ctrl-C', async ({ skip }) => {
    const child = spawnQuestline(['demo'], { folder, settings: { PORT: '0' } })
    const exit = once(child, 'exit')
    try {
      let output = ''
      child.stdout?.on('data', (chunk) => {
        output += chunk
      })
      await vi.waitFor(() => expect(output).toContain('Ctrl-C stops it.'), 60_000)
      const address = /(http:\/\/[\d.:]+)\/docs/.exec(output)?.[1]
      for (const path of ['/docs', '/redoc', '/health', '/metrics']) {
        expect(output).toContain(`${address}${path}`)
        expect((await fetch(`${address}${path}`)).status, path).toBe(200)
      }
      const pipeline = /curl -X POST (\S+)/.exec(output)?.[1] ?? ''
      const rerun = await fetch(pipeline, { method: 'POST' })
      expect(await rerun.json()).toMatchObject({ ok: true, stderr: '' })

      const words = /npx questline (simulate .*)/.exec(output)?.[1]?.split(' ') ?? []
      const game = ['--minutes', '3', '--speed', '60', '--seed', 'after the demo', '--json']
      const settings = { DATA_DIR: /DATA_DIR=(\S+)/.exec(output)?.[1] ?? '' }
      const played = await questline([...words, ...game], { folder, settings })
      expect(played, played.output).toMatchObject({ exit: 0, errors: '' })

      const shell = promisify(execFile)
      const isThere = await shell('curl', ['--version']).catch(() => null)
      if (isThere === null) return skip('this machine has no curl')
      const commands = /counts once:\n\n([\s\S]*?)\n\n/.exec(output)?.[1] ?? ''
      const [login, earn, balance] = commands.split('\n').map((line) => line.trim())
      // The second earn has the key of the first.
      const { stdout } = await shell('sh', ['-c', [login, earn, earn, balance].join('\n')])
      expect(stdout).toMatch(/"userId":"you","balance":100\}$/)
    } finally {
      child.kill('SIGINT')
    }
    expect((await exit)[0]).toBe(0)
  }, 120_000)
})
