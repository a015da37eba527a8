import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { loginIntent, play, settle, tokenOf } from './actors.ts'
import { finish } from './campaign.ts'
import { check } from './check.ts'
import type { Program } from './child.ts'
import { type Answer, createClient } from './client.ts'
import type { Entry } from './journal.ts'
import { earn } from './requests.ts'
import { type DatabaseName, FRESH, type Staging, setTheStage } from './staging.ts'

const RUN = Number(process.env['CRASH_RUN'] ?? Date.now() % 1_000_000)
const TEST_MS_MAX = 120_000
const DATABASES = ['sqlite', 'postgres'] as const

/** A test on a new database, with all who write to it; none of them may find a violation. */
function onStage(
  database: DatabaseName,
  name: string,
  work: (staging: Staging) => Promise<void>,
): void {
  it(
    name,
    async () => {
      const staging = await setTheStage({ fresh: FRESH[database] }, RUN)
      try {
        await work(staging)
        expect(staging.stage.journal.violations).toEqual([])
      } finally {
        await staging.dispose()
      }
    },
    TEST_MS_MAX,
  )
}

/** Far below the time for which an idle connection is kept. */
const STOP_MS_MAX = 4_000

/** Half of an earn whose answer the server owes, which keeps it from being done. */
async function halfAnEarn(staging: Staging, server: Program) {
  const { journal } = staging.stage
  const client = createClient(server.address)
  const player = journal.intend(loginIntent('slow'))
  await journal.attempt(client, player)
  client.close()
  const request = earn(tokenOf(player), 'slow-1', 5, 'slow-1')
  const entry = journal.intend({ id: 'slow-1', effect: 'entry', request, repeatable: true })
  entry.sent = 1
  const { hostname, port } = new URL(server.address)
  const socket = connect(Number(port), hostname)
  let answered = ''
  socket.on('data', (text: Buffer) => {
    answered += text.toString()
  })
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const body = request.body ?? ''
  const headers = { ...request.headers, 'content-type': 'application/json', host: hostname }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  socket.write(
    `POST ${request.path} HTTP/1.1\r\n${lines.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n`,
  )
  socket.write(body.slice(0, 5))
  // Long enough for the headers to be read.
  await sleep(100)
  return {
    entry,
    async complete() {
      socket.write(body.slice(5))
      await closed
      return answered
    },
  }
}

async function repeated({ stage }: Staging, server: Program, entry: Entry): Promise<Answer | null> {
  const client = createClient(server.address)
  await stage.journal.attempt(client, entry)
  client.close()
  return entry.answer
}

/** A server that was told to stop while a request is half sent. */
async function stoppedHalfway(staging: Staging) {
  const server = await staging.command().listening()
  const half = await halfAnEarn(staging, server)
  server.kill('SIGTERM')
  await sleep(100)
  return { server, half }
}

describe.each(DATABASES)('SIGTERM under load on %s', (database) => {
  onStage(database, 'ends with 0, and nothing that was acknowledged is lost', async (staging) => {
    const { stage, actors } = staging
    const endings: unknown[] = []
    for (let round = 0; round < 3; round += 1) {
      const server = await staging.command().listening()
      await check(staging, server, false)
      const client = createClient(server.address)
      const term = sleep(stage.chance.integer(50, 400)).then(() => server.kill('SIGTERM'))
      await play(actors, stage, client, server.isGone)
      await term
      client.close()
      const { code, signal } = await server.gone
      endings.push(code ?? signal)
    }
    await finish(staging, await staging.command().listening())
    expect(endings).toEqual([0, 0, 0])
  })
})

describe('SIGTERM while a request is half sent', () => {
  onStage('sqlite', 'is obeyed when the request has its answer', async (staging) => {
    const { server, half } = await stoppedHalfway(staging)
    expect(server.isGone()).toBe(false)
    const completedMs = performance.now()
    expect(await half.complete()).toContain('{"ok":true,"userId":"slow","amount":5,"balance":5}')
    expect((await server.gone).code).toBe(0)
    expect(performance.now() - completedMs).toBeLessThan(STOP_MS_MAX)
    const next = await staging.command().listening()
    expect(await repeated(staging, next, half.entry)).toMatchObject({ replayed: true })
    await finish(staging, next)
  })

  onStage('sqlite', 'is obeyed at once when it comes a second time', async (staging) => {
    const { server, half } = await stoppedHalfway(staging)
    const before = performance.now()
    server.kill('SIGTERM')
    expect((await server.gone).code).toBe(1)
    expect(performance.now() - before).toBeLessThan(STOP_MS_MAX)
    const next = await staging.command().listening()
    expect(await repeated(staging, next, half.entry)).toMatchObject({ replayed: false })
    await finish(staging, next)
  })
})

describe('a second server on one SQLite file', () => {
  onStage(
    'sqlite',
    'refuses and says why; after the death of the first it starts at once',
    async (staging) => {
      const first = await staging.command().listening()
      const second = staging.command()
      expect(await Promise.race([second.gone, second.listening()])).toMatchObject({ code: 1 })
      expect(second.complaints()).toMatch(
        /^questline: another Questline server runs on .*app\.db: stop it/,
      )
      expect(second.complaints().trim().split('\n')).toHaveLength(1)

      const client = createClient(first.address)
      const untilMs = performance.now() + 200
      await play(staging.actors, staging.stage, client, () => performance.now() > untilMs)
      first.kill('SIGKILL')
      await first.gone
      client.close()
      const third = await staging.command().listening()
      await check(staging, third, false)
      await finish(staging, third)
    },
  )
})

/** On PostgreSQL longer than a transaction may idle: another process could take its place meanwhile. */
const PAUSE_MS = { sqlite: 3_000, postgres: 6_000 } as const
/** Clients give up long before, and send again what still waits in the sockets. */
const PATIENCE_MS = 400

describe.each(DATABASES)('a server on %s that stands still for a while', (database) => {
  onStage(database, 'does once what was sent to it again and again', async (staging) => {
    const { stage, actors } = staging
    const server = await staging.start()
    const client = createClient(server.address, PATIENCE_MS)
    let isOver = false
    const playing = play(actors, stage, client, () => isOver)
    await sleep(300)
    server.kill('SIGSTOP')
    await sleep(PAUSE_MS[database])
    server.kill('SIGCONT')
    await sleep(500)
    isOver = true
    await playing
    client.close()
    const repeats = stage.journal.entries.filter(({ sent }) => sent > 3)
    expect(repeats.length).toBeGreaterThan(5)
    const patient = createClient(server.address)
    await settle(actors, patient)
    patient.close()
    await finish(staging, server)
  })
})
