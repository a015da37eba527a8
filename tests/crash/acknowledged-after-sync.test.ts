import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freshSqlite } from '../database.ts'
import type { Server, Settings } from './child.ts'
import { type Client, createClient, fieldsOf } from './client.ts'
import { earn, login } from './requests.ts'
import { setTheStage } from './staging.ts'
import { attach, SYNC, tracingHere } from './strace.ts'
import { acknowledgements, readCalls } from './trace-reader.ts'

const EARNS = Number(process.env['CRASH_TRACED_EARNS'] ?? 10_000)
const AT_ONCE = 32
const tracingIs = await tracingHere()
async function withServer<T>(settings: Settings, work: (server: Server) => Promise<T>): Promise<T> {
  const staging = await setTheStage({ fresh: freshSqlite }, 1)
  try {
    return await work(await staging.start(settings))
  } finally {
    await staging.dispose()
  }
}

/** Earns 1, 2, 3 … `count`, many at once; returns how many were acknowledged. */
async function earnAll(client: Client, count: number): Promise<number> {
  const session = await client.send(login('earner'))
  const token = String(fieldsOf(session.kind === 'answer' ? session : null)['token'])
  let next = 0
  let acknowledged = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      next += 1
      const outcome = await client.send(earn(token, `key-${next}`, next, 'a reason'))
      if (outcome.kind === 'answer' && outcome.status === 200) acknowledged += 1
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return acknowledged
}

const traceOfEarns = (settings: Settings, count: number) =>
  withServer(settings, async (server) => {
    const folder = await mkdtemp(join(tmpdir(), 'questline-trace-'))
    const file = join(folder, 'trace')
    const client = createClient(server.address)
    try {
      const calls = `trace=pwrite64,${SYNC},write,writev,sendto,sendmsg`
      const tracing = await attach(server.pid, [calls], file)
      const acknowledged = await earnAll(client, count)
      await tracing.detach()
      return { acknowledged, ...(await acknowledgements(readCalls(file))) }
    } finally {
      client.close()
      await rm(folder, { recursive: true })
    }
  })

describe('an answer of 2xx to a write', () => {
  it('comes from a connection that syncs every commit into a write-ahead log', async () => {
    const durability = await withServer({}, (server) => server.durability())
    expect(durability).toEqual({ synchronous: 2, journal_mode: 'wal' })
    const broken = await withServer({ BROKEN_BUILD: 'no-sync' }, (server) => server.durability())
    expect(broken).toEqual({ synchronous: 1, journal_mode: 'wal' })
  })

  it.skipIf(tracingIs.isMissing)(
    `leaves only when what it acknowledges is synced${tracingIs.because}`,
    async () => {
      const trace = await traceOfEarns({}, EARNS)
      console.log(
        `${trace.answers} answers after ${trace.syncs} syncs, ${trace.early.length} early`,
      )
      expect(trace.acknowledged).toBe(EARNS)
      expect(trace.answers).toBe(EARNS)
      expect(trace.early).toEqual([])
    },
    60_000 + EARNS * 20,
  )

  it.skipIf(tracingIs.isMissing)(
    `is found to leave early in a build that does not sync${tracingIs.because}`,
    async () => {
      const { acknowledged, early } = await traceOfEarns({ BROKEN_BUILD: 'no-sync' }, 200)
      expect(early).toHaveLength(acknowledged)
    },
    60_000,
  )
})
