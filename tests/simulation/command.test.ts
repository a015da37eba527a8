import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { questline, type RunningServer, spawnQuestline, startServerProcess } from '../questline.ts'

let folder = ''
let server: RunningServer
const settings = { LOG_LEVEL: 'error' }
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'questline-simulate-'))
  server = await startServerProcess({ folder, settings })
})
afterAll(async () => {
  server.child.kill('SIGTERM')
  await server.exit()
  await rm(folder, { recursive: true, force: true })
})

async function eventsOnServer(): Promise<number> {
  const health = await fetch(`${server.facts.address}/health`)
  return Object(await health.json()).checks.events
}

const ROUGH = ['--duplicates', '10%', '--late', '0.03', '--bad', '5%', '--offline', '2%', '--skew']

describe('questline simulate', () => {
  it('plays with keys that it makes and revokes, and finds the server right', async () => {
    const game = ['--minutes', '2', '--speed', '60', '--rate', '5', '--players', '30', ...ROUGH]
    const words = ['simulate', '--to', server.facts.address, '--seed', 'command', ...game]
    const run = await questline([...words, '--json'], { folder, settings })
    expect(run).toMatchObject({ exit: 0, errors: '' })
    const { right, played, truth, differences } = JSON.parse(run.output)
    expect({ right, differences }).toEqual({ right: true, differences: [] })
    expect(played).toBeGreaterThan(300)
    expect(Object.keys(truth)).toContainEqual(
      expect.stringMatching(/^minute .* revenue_by_country/),
    )

    const listed = await questline(['keys', 'list', '--json'], { folder, settings })
    const { keys } = JSON.parse(listed.output)
    expect(keys).toHaveLength(2)
    expect(keys.every((key: { revokedAt: unknown }) => key.revokedAt !== null)).toBe(true)
  })

  it('ends at Ctrl-C with the truth so far, which is compared', async () => {
    const words = ['simulate', '--to', server.facts.address, '--minutes', '30', '--rate', '50']
    const child = spawnQuestline([...words, ...ROUGH], { folder, settings })
    const exit = once(child, 'exit')
    const output = child.stdout ? text(child.stdout) : ''
    // More than the players' first words.
    const enough = (await eventsOnServer()) + 150
    while ((await eventsOnServer()) < enough) await sleep(100)
    child.kill('SIGINT')
    expect(await output).toMatch(/The server says the same: \d+ events, \d+ figures, to the micro/)
    expect((await exit)[0]).toBe(0)
  }, 60_000)

  it.each([
    [['--key', 'a'], 'give both --key and --operator-key, or none'],
    [['--key', 'a', '--operator-key', 'b'], '--app names the app of the keys'],
    [['--key', 'a', '--operator-key', 'b', '--app', 'c'], 'does not show its numbers'],
    [['--late', '101%'], 'It is a share such as 5%'],
    [['--rates', 'nowhere.csv'], 'nowhere.csv'],
    [['--to', 'my server'], 'It is no address'],
  ])('says what is wrong with %j', async (options, says) => {
    const words = ['simulate', '--to', server.facts.address, ...options]
    const run = await questline(words, { folder, settings })
    expect(run).toMatchObject({ exit: 2, output: '' })
    expect(run.errors).toContain(says)
  })
})
