// `questline import events` as a shell starts it: without a server, beside one, and killed.
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { booksViolations } from './books-invariants.ts'
import { anInstall } from './http/game-events.ts'
import { plainSql } from './plain-sql.ts'
import { questline, spawnQuestline, startServerProcess } from './questline.ts'

let folder: string
let runs = 0
let settings: Record<string, string>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'questline-import-cli-'))
})
afterAll(() => rm(folder, { recursive: true }))
beforeEach(() => {
  runs += 1
  settings = { DATA_DIR: join(folder, `data-${runs}`), LOG_LEVEL: 'silent' }
})

const url = () => `sqlite:///${settings['DATA_DIR']}/app.db`
const run = (...words: readonly string[]) =>
  questline(['import', 'events', ...words], { folder, settings })
const write = async (name: string, lines: readonly object[]) => {
  await writeFile(join(folder, name), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return name
}
const installs = (count: number) => Array.from({ length: count }, () => anInstall())

test('several files into a new folder: a table, or one JSON document', async () => {
  const [a, b] = [await write('a', installs(2)), await write('b', [anInstall(), { bad: 1 }])]
  const { exit, output, errors } = await run(a, b)
  expect([exit, errors]).toEqual([0, ''])
  expect(output).toMatch(/^a +2 +2 +0 +0 +0\nb +2 +1 +0 +0 +1$/m)
  const again = await run(a, '--json')
  expect([again.exit, JSON.parse(again.output)]).toEqual([
    0,
    {
      files: [
        {
          ...{ file: 'a', source: 'a', lines: 2, resumedAfter: 2 },
          ...{ accepted: 0, duplicates: 2, conflicts: 0, rejected: 0 },
        },
      ],
    },
  ])
})

test('an import says what its amounts are in', async () => {
  const bought = { 'event-type': 'in-app-purchase', 'user-id': 1, 'product-id': 'p' }
  const file = await write('bought', [{ ...bought, purchase_value: 2, time: 1_767_225_600 }])
  expect(await run(file, '--currency', 'eur')).toMatchObject({ exit: 0, errors: '' })
  const words = ['lake', 'query', 'SELECT amount_micros, currency FROM events_enriched', '--json']
  const { output } = await questline(words, { folder, settings })
  expect(JSON.parse(output)).toEqual([{ amount_micros: 2_000_000, currency: 'EUR' }])
})

test.each([
  [['missing'], /missing cannot be read: it does not exist\n$/],
  [['.'], /\. is a folder\n$/],
  [['a', 'missing'], /missing cannot be read/],
  [['a', 'b', '--source', 'x'], /--source names one file/],
  [['a', './a'], /two files are named a/],
  [['a', '--currency', 'gold'], /no known code/],
  [[], /missing required argument/],
])('called with %j it ends with 2 and has changed nothing', async (words, message) => {
  await write('a', installs(1))
  await write('b', installs(1))
  const { exit, output, errors } = await run(...words)
  expect([exit, output]).toEqual([2, ''])
  expect(errors).toMatch(message)
  const counted = await plainSql(url(), 'SELECT count(*) AS n FROM event_ids').catch(() => [
    { n: 0n },
  ])
  expect(counted).toEqual([{ n: 0n }])
})

test('beside a server that takes events at the same time, nothing is lost and nothing twice', async () => {
  const server = await startServerProcess({
    folder,
    settings: { ...settings, EVENT_API_KEY: 'dev-secret', RATE_LIMIT: 'off' },
  })
  const all = installs(6_000)
  await write('shared', all)
  const importing = run('shared', '--json')
  let sent = 0
  const send = async () => {
    const events = all.slice(sent, sent + 50)
    sent += 50
    const answer = await fetch(`${server.facts.address}/v1/events`, {
      method: 'POST',
      headers: { authorization: 'Bearer dev-secret', 'content-type': 'application/json' },
      body: JSON.stringify({ events }),
    })
    expect(answer.status, await answer.text()).toBe(200)
  }
  while (sent < 3_000) await send()
  const { exit, output } = await importing
  server.child.kill('SIGTERM')
  expect([exit, await server.exit()]).toEqual([0, 0])
  const [{ accepted, duplicates }] = JSON.parse(output).files
  expect(accepted + duplicates).toBe(6_000)
  expect(await plainSql(url(), 'SELECT count(*) AS n FROM event_ids')).toEqual([{ n: 6_000n }])
  expect(await booksViolations(url())).toEqual([])
})

test('killed at any moment it goes on where it was', async () => {
  await write('long', installs(30_000))
  let kills = 0
  for (let lifeMs = 350; kills < 4; lifeMs += 60) {
    const child = spawnQuestline(['import', 'events', 'long'], { folder, settings })
    const ended = once(child, 'exit')
    await Promise.race([sleep(lifeMs), ended])
    child.kill('SIGKILL')
    await ended
    kills += 1
  }
  const { exit, output } = await run('long', '--json')
  expect(exit).toBe(0)
  expect(JSON.parse(output).files[0]).toMatchObject({ lines: 30_000, conflicts: 0, rejected: 0 })
  expect(await plainSql(url(), 'SELECT count(*) AS n FROM event_ids')).toEqual([{ n: 30_000n }])
  expect(await plainSql(url(), 'SELECT accepted, duplicates FROM imports')).toEqual([
    { accepted: 30_000n, duplicates: 0n },
  ])
  expect(await booksViolations(url())).toEqual([])
})
