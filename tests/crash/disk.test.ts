import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loginIntent, play, tokenOf } from './actors.ts'
import { finish } from './campaign.ts'
import { check } from './check.ts'
import type { Server } from './child.ts'
import { createClient } from './client.ts'
import { balance, earn } from './requests.ts'
import { FRESH, type Staging, setTheStage } from './staging.ts'
import { attach, SYNC, tracingHere } from './strace.ts'

const RUN = Number(process.env['CRASH_RUN'] ?? Date.now() % 1_000_000)
const tracingIs = await tracingHere()
const TEST_MS_MAX = 120_000

async function onStage(work: (staging: Staging) => Promise<void>): Promise<void> {
  const staging = await setTheStage({ fresh: FRESH.sqlite }, RUN)
  try {
    await work(staging)
    expect(staging.stage.journal.violations).toEqual([])
  } finally {
    await staging.dispose()
  }
}

/** Lets everybody write for `ms`, or until the server is gone. */
async function load({ actors, stage }: Staging, server: Server, ms: number): Promise<void> {
  const client = createClient(server.address)
  const untilMs = performance.now() + ms
  await play(actors, stage, client, () => server.isGone() || performance.now() > untilMs)
  client.close()
}

const answersOf = ({ stage }: Staging, status: number): number =>
  stage.journal.statuses.get(status) ?? 0

/** Makes a player for the test itself, and returns a look at its balance. */
async function aReader({ stage }: Staging, server: Server) {
  const client = createClient(server.address)
  const entry = stage.journal.intend(loginIntent('reader'))
  await stage.journal.attempt(client, entry)
  client.close()
  return balance(tokenOf(entry))
}

/** The space goes, and comes back: writes fail as declared, reads go on, nothing is restarted. */
async function fillTheDisk(fill: (server: Server) => Promise<() => Promise<void>>): Promise<void> {
  await onStage(async (staging) => {
    const server = await staging.start()
    const look = await aReader(staging, server)
    await load(staging, server, 300)
    expect(answersOf(staging, 503)).toBe(0)

    const empty = await fill(server)
    let isFull = true
    const reads = readAllTheTime(server, look, () => isFull)
    await load(staging, server, 700)
    isFull = false
    expect(await reads).toEqual([200])
    expect(answersOf(staging, 503)).toBeGreaterThan(10)
    await check(staging, server, false)

    await empty()
    const refused = answersOf(staging, 503)
    await load(staging, server, 300)
    expect(answersOf(staging, 503)).toBe(refused)
    await finish(staging, server)
  })
}

async function readAllTheTime(
  server: Server,
  look: ReturnType<typeof balance>,
  isOn: () => boolean,
): Promise<(number | string)[]> {
  const client = createClient(server.address)
  const statuses = new Set<number | string>()
  while (isOn()) {
    const outcome = await client.send(look)
    statuses.add(outcome.kind === 'answer' ? outcome.status : outcome.reason)
  }
  client.close()
  return [...statuses]
}

const PLENTY_OF_PAGES = 1_000_000

describe('on a full disk', () => {
  it(
    'writes are 503, reads go on, nothing is half done, and space makes it work again',
    async () => {
      await fillTheDisk(async (server) => {
        await server.allowPages(1)
        return () => server.allowPages(PLENTY_OF_PAGES)
      })
    },
    TEST_MS_MAX,
  )

  it.skipIf(tracingIs.isMissing)(
    `so it is when the kernel says that no space is left${tracingIs.because}`,
    async () => {
      await fillTheDisk(async (server) => {
        const tracing = await attach(server.pid, ['trace=pwrite64', 'inject=pwrite64:error=ENOSPC'])
        await expectNotReady(server)
        return tracing.detach
      })
    },
    TEST_MS_MAX,
  )
})

/** The result of the last probe holds for five seconds. */
async function expectNotReady(server: Server): Promise<void> {
  await expect
    .poll(async () => (await fetch(`${server.address}/health/ready`)).status, { timeout: 10_000 })
    .toBe(503)
}

const SYNC_MS = 150
/** As many as are on their way at once, when each sync takes so long. */
const AT_ONCE = 300

describe('on a slow disk', () => {
  it.skipIf(tracingIs.isMissing)(
    `writes that come together share a sync, and none is lost${tracingIs.because}`,
    async () => {
      await onStage(async (staging) => {
        const server = await staging.start()
        await load(staging, server, 200)
        const client = createClient(server.address, 30_000, AT_ONCE)
        const player = staging.stage.journal.intend(loginIntent('hasty'))
        await staging.stage.journal.attempt(client, player)
        const slowness = `inject=${SYNC}:delay_exit=${SYNC_MS * 1_000}`
        const tracing = await attach(server.pid, [`trace=${SYNC}`, slowness])
        const startedMs = performance.now()
        const verdicts = await Promise.all(
          Array.from({ length: AT_ONCE }, (_, index) => {
            const id = `hasty-${index}`
            const request = earn(tokenOf(player), id, 1, id)
            const intent = { id, effect: 'entry', request, repeatable: true } as const
            return staging.stage.journal.attempt(client, staging.stage.journal.intend(intent))
          }),
        )
        const tookMs = performance.now() - startedMs
        client.close()
        await load(staging, server, 500)
        await tracing.detach()
        console.log(`${AT_ONCE} earns on a disk of ${SYNC_MS} ms a sync: ${Math.round(tookMs)} ms`)
        expect(new Set(verdicts)).toEqual(new Set(['done']))
        // One by one they would take 300 syncs.
        expect(tookMs).toBeLessThan(20 * SYNC_MS)
        await finish(staging, server)
      })
    },
    TEST_MS_MAX,
  )
})

/** Each call fails once and then works again, as a kernel does that has dropped the pages. */
const FAILURES = [
  { call: 'fsync', nth: 1 },
  { call: 'fsync', nth: 4 },
  { call: 'pwrite64', nth: 1 },
  { call: 'pwrite64', nth: 2 },
  { call: 'pwrite64', nth: 31 },
] as const
/** sysexits.h calls it an internal error; a supervisor starts the next one. */
const FATAL = 70

describe('when the disk fails', () => {
  it.skipIf(tracingIs.isMissing)(
    `the server acknowledges nothing more, leaves, and the next one starts from what is there${tracingIs.because}`,
    async () => {
      await onStage(async (staging) => {
        const folder = await mkdtemp(join(tmpdir(), 'questline-eio-'))
        const file = join(folder, 'trace')
        const endings: unknown[] = []
        for (const { call, nth } of FAILURES) {
          const server = await staging.start()
          await check(staging, server, false)
          const calls = `trace=${call},write,writev,sendto,sendmsg`
          const failing = `inject=${call}:error=EIO:when=${nth}`
          const tracing = await attach(server.pid, [calls, failing], file)
          await load(staging, server, 8_000)
          server.kill('SIGKILL')
          const { code } = await server.gone
          await tracing.detach()
          const late = await acknowledgedAfterFailure(file)
          endings.push({ call, nth, code, late })
        }
        await rm(folder, { recursive: true })
        await finish(staging, await staging.start())
        expect(endings).toEqual(FAILURES.map((one) => ({ ...one, code: FATAL, late: 0 })))
      })
    },
    TEST_MS_MAX,
  )
})

/** Answers to writes that left after the call that was made to fail. @throws when none was */
async function acknowledgedAfterFailure(trace: string): Promise<number> {
  const [, after] = (await readFile(trace, 'latin1')).split('(INJECTED)', 2)
  if (after === undefined) throw new Error('nothing was made to fail')
  const answers = after.split('\n').filter((line) => line.includes('HTTP/1.1 2'))
  return answers.filter((line) => /amount|adjustment|eventId|postbackId|token|logged/.test(line))
    .length
}
