// After a restore the next events get offsets that others had: neither the numbers nor the lake may
// take the new ones for the old.
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { anInstall } from '../http/game-events.ts'
import { questline } from '../questline.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'questline-restored-'))
})
afterEach(() => rm(folder, { recursive: true }))

const run = (...words: readonly string[]) =>
  questline(words, { folder, settings: { DATA_DIR: join(folder, 'data'), LOG_LEVEL: 'silent' } })
const json = async (...words: readonly string[]): Promise<Record<string, unknown>[]> => {
  const { exit, output, errors } = await run(...words, '--json')
  expect({ exit, errors }).toEqual({ exit: 0, errors: '' })
  return JSON.parse(output)
}
const install = async (name: string, players: readonly string[]) => {
  const lines = players.map((player_id) => `${JSON.stringify({ ...anInstall(), player_id })}\n`)
  await writeFile(join(folder, name), lines.join(''))
  await json('import', 'events', name)
}
const PLAYERS = 'SELECT player_id FROM events_enriched ORDER BY log_offset'

it('the numbers are counted anew, and the lake is cut where the log ends', {
  timeout: 120_000,
}, async () => {
  await install('first', ['ana', 'bo'])
  await run('backup', 'copy.db')
  // Of one batch, so that a file holds what stays and what does not.
  await install('second', ['cy', 'di', 'eve'])
  expect(await json('lake', 'query', PLAYERS)).toHaveLength(5)
  await install('third', ['fay'])
  expect(await json('lake', 'query', PLAYERS)).toHaveLength(6)

  const restored = await run('restore', 'copy.db')
  expect(restored).toMatchObject({ exit: 0, errors: '' })
  expect(restored.output).toContain('questline lake trim')
  expect(existsSync(join(folder, 'data/analytics.db'))).toBe(false)
  const refused = await run('lake', 'stats')
  expect(refused.exit).toBe(1)
  expect(refused.errors).toMatch(/goes to 6 and the log only to 2.*questline lake trim/)
  expect(await json('lake', 'trim')).toMatchObject({ before: 6, upto: 2, cut: 2, removed: 2 })
  expect(await json('lake', 'trim')).toEqual({ before: 2, upto: 2, cut: 0, removed: 0 })

  await install('fourth', ['gil'])
  expect((await run('lake', 'verify')).output).toMatch(/^lake clean: .*offsets up to 3/)
  const players = (await json('lake', 'query', PLAYERS)).map((row) => row['player_id'])
  expect(players).toEqual(['ana', 'bo', 'gil'])
  const { minutes } = (await json('quality', 'status')) as unknown as {
    minutes: { enriched: number; waiting: number }[]
  }
  expect(minutes.reduce((sum, of) => sum + of.enriched, 0)).toBe(3)
  expect(minutes.reduce((sum, of) => sum + of.waiting, 0)).toBe(0)
})
