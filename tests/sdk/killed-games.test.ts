// Games that are killed in the middle of buying, over and over, alone and two at a time in one folder.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { mulberry32 } from './fake-host.ts'
import { createFakeServer, type Fault } from './fake-server.ts'
import { type Served, serve } from './served.ts'

const BUYER = join(import.meta.dirname, 'buyer.ts')
const folder = mkdtempSync(join(tmpdir(), 'questline-buyer-'))
let served: Served
afterEach(() => {
  served.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Starts a game; resolves, with what it said was stored, after it was killed or has ended. */
async function play(count: number, killAfterMs?: number): Promise<string[]> {
  const child = spawn(process.execPath, [BUYER, served.url, folder, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  const ended = once(child, 'close')
  if (killAfterMs !== undefined) {
    await Promise.race([once(child.stdout, 'data'), ended])
    await sleep(killAfterMs)
    child.kill('SIGKILL')
  }
  await ended
  // The last line may be cut off; it says nothing then.
  return said.split('\n').slice(0, -1)
}

it('no purchase that was stored is lost, and none comes twice', async () => {
  const server = createFakeServer()
  served = await serve(server)
  const chance = mulberry32(7)
  const faults: readonly (Fault | undefined)[] = [
    { kind: 'status', status: 503, retryAfter: '1' },
    { kind: 'reset' },
    { kind: 'lost' },
    { kind: 'verdict', status: 'retry', of: ({ seq }) => seq % 3 === 0 },
    ...[undefined, undefined, undefined],
  ]
  server.fault = () => faults[Math.floor(chance() * faults.length)]

  const stored: string[] = []
  for (let round = 0; round < 10; round += 1) {
    const games = round % 2 === 0 ? 1 : 2
    const played = Array.from({ length: games }, () => play(100_000, chance() * 120))
    stored.push(...(await Promise.all(played)).flat())
  }
  server.fault = undefined
  await play(0)

  const purchases = server.stored.filter((event) => event.event_type === 'purchase')
  const ids = new Set(purchases.map((event) => event.event_id))
  console.log(`${stored.length} purchases stored by 15 killed games, ${ids.size} received`)
  expect(stored.length).toBeGreaterThan(50)
  expect(stored.filter((id) => !ids.has(id))).toEqual([])
  // Beyond those it may have stored, but not said, one for each game.
  expect(ids.size - stored.length).toBeLessThanOrEqual(15)
  const counts = new Set(server.stored.map(({ device_id, seq }) => `${device_id}/${seq}`))
  expect(counts.size).toBe(server.stored.length)
  expect(server.violations).toEqual([])
}, 60_000)
