import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { booksViolations } from './books-invariants.ts'
import { plainSql } from './plain-sql.ts'
import { questline, type RunningServer, startServerProcess } from './questline.ts'

let folder = ''
let server: RunningServer | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'questline-backup-'))
})
afterEach(async () => {
  server?.child.kill('SIGKILL')
  await server?.exit()
  await rm(folder, { recursive: true, force: true })
})

const PLAYERS = 8

/** Earns as fast as answers come, and notes the key of each that was answered. */
async function earnUntil(address: string, player: number, isOver: () => boolean, keys: string[]) {
  const post = async (path: string, body: unknown, headers = {}) => {
    const answer = await fetch(address + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
    return (await answer.json()) as { token: string }
  }
  const { token } = await post('/login', { userId: `player-${player}` })
  for (let i = 0; !isOver(); i += 1) {
    const key = `${player}-${i}`
    await post('/earn', { amount: 1 }, { authorization: `Bearer ${token}`, 'idempotency-key': key })
    keys.push(key)
  }
}

it('a backup taken under load holds all that was answered before it began, and restores clean', async () => {
  server = await startServerProcess({ folder, settings: { RATE_LIMIT: 'off' } })
  const { address } = server.facts
  const answered: string[] = []
  let over = false
  const players = Array.from({ length: PLAYERS }, (_, player) =>
    earnUntil(address, player, () => over, answered),
  )
  while (answered.length < 500) await Promise.race([...players, new Promise(setImmediate)])

  const before = [...answered]
  const made = await questline(['backup', 'copy.db', '--json'], { folder })
  const duringBackup = answered.length - before.length
  over = true
  await Promise.all(players)

  expect(made).toMatchObject({ exit: 0, errors: '' })
  expect(JSON.parse(made.output).audit.ok).toBe(true)
  expect(duringBackup).toBeGreaterThan(0)

  const standby = { folder, settings: { DATA_DIR: 'standby' } }
  expect(await questline(['restore', 'copy.db'], standby)).toMatchObject({ exit: 0, errors: '' })
  const url = `sqlite:///${join(folder, 'standby/app.db')}`
  expect(await booksViolations(url)).toEqual([])
  const rows = await plainSql(url, 'SELECT key_scope FROM ledger_entries')
  const restored = new Set(rows.map((row) => String(row['key_scope']).split('\n')[0]))
  expect(before.filter((key) => !restored.has(key))).toEqual([])
  // And nothing else than what was asked for: the rest of the load came later.
  expect(restored.size).toBeGreaterThanOrEqual(before.length)
  expect(restored.size).toBeLessThan(answered.length + PLAYERS)
})
