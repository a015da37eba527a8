import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { answerBytes, statusOf } from '../bench/harness/answer.ts'
import { canAnswer } from '../bench/harness/canned-answer.ts'
import { type Figure, spread, verdictOf } from '../bench/harness/figures.ts'
import { runLoad } from '../bench/harness/generator.ts'
import { residentMemoryMb } from '../bench/harness/process-usage.ts'
import type { Report } from '../bench/harness/report.ts'
import { requestsOf } from '../bench/harness/request-template.ts'
import { pageOfShortfalls } from '../bench/harness/shortfalls.ts'
import { takeTurns } from '../bench/harness/take-turns.ts'

const GET = 'GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'

const anAnswer = (status = 200, body = '{"balance":1}'): string =>
  `HTTP/1.1 ${status} OK\r\nx-n: 1\r\ncontent-length: ${body.length}\r\n\r\n${body}`

it('an answer that is canned keeps what was sent but what Node adds itself', async () => {
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nx-n: 1: 2\r\nDate: now\r\nKeep-Alive: timeout=72\r\n')
      socket.write('content-length: 11\r\n\r\n{"a":\r\n\r\n1}')
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const template = { method: 'POST', path: '/earn', body: '{}' } as const
  expect(await canAnswer(address.port, template)).toEqual({
    headers: ['x-n', '1: 2', 'content-length', '11'],
    body: '{"a":\r\n\r\n1}',
    keepAliveMs: 72_000,
  })
  server.close()
})

describe('answerBytes', () => {
  const whole = Buffer.from(anAnswer())

  it('is null until the last byte has come, and then the length', () => {
    const lengths = Array.from(whole, (_, end) => answerBytes(whole.subarray(0, end)))
    expect(lengths).toEqual(Array.from(whole, () => null))
    expect(answerBytes(whole)).toBe(whole.length)
    expect(answerBytes(Buffer.concat([whole, whole]))).toBe(whole.length)
  })

  it('reads the length in any spelling, and none of an answer that has no body', () => {
    expect(answerBytes(Buffer.from('HTTP/1.1 200 OK\r\nCONTENT-Length:2\r\n\r\nok'))).toBe(39)
    expect(answerBytes(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'))).toBe(27)
  })

  it('takes no length out of a body, and refuses an answer that has none', () => {
    const body = 'content-length: 3\r\n\r\n'
    const answer = Buffer.from(anAnswer(200, body).replace('content-length', 'Content-Length'))
    expect(answerBytes(answer)).toBe(answer.length)
    const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'
    expect(() => answerBytes(Buffer.from(chunked))).toThrow('without Content-Length')
  })

  it('stands beside the status', () => expect(statusOf(Buffer.from(anAnswer(503)))).toBe('503'))
})

let server: Server | undefined
afterEach(() => server?.close())

/** A server that hands each request to `answer`, and counts its connections. */
async function listen(answer: (socket: Socket, n: number) => void) {
  const counts = { connections: 0, requests: 0 }
  server = createServer({ noDelay: true }, (socket) => {
    counts.connections += 1
    socket.on('error', () => undefined)
    socket.on('data', () => {
      counts.requests += 1
      answer(socket, counts.requests)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a port has a number')
  return { port: address.port, counts }
}

const SHORT = { connections: 3, warmupSeconds: 0.05, seconds: 0.3 } as const

describe('runLoad', () => {
  it('puts split answers together and keeps its connections', async () => {
    const answer = anAnswer()
    const { port, counts } = await listen((socket, n) => {
      const cut = n % answer.length
      socket.write(answer.slice(0, cut))
      setTimeout(() => socket.write(answer.slice(cut)), 2)
    })
    const result = await runLoad({ port, ...SHORT }, () => GET)
    expect(counts.connections).toBe(SHORT.connections)
    expect(result.statuses).toEqual({ 200: counts.requests })
    expect(result.requests).toBeGreaterThan(0)
    expect(result.requests).toBeLessThanOrEqual(counts.requests)
    expect(result.firstFault).toBeNull()
    expect(result.p50Ms).toBeLessThanOrEqual(result.p95Ms)
    expect(result.p95Ms).toBeLessThanOrEqual(result.maxMs)
  })

  it('counts each status and keeps the first answer that is not 2xx', async () => {
    const { port, counts } = await listen((socket, n) => {
      socket.write(anAnswer(n % 2 ? 200 : 503, `{"n":${n}}`))
    })
    const { statuses, firstFault } = await runLoad({ port, ...SHORT }, () => GET)
    expect(Object.values(statuses).reduce((a, b) => a + b)).toBe(counts.requests)
    expect(statuses['503']).toBe(Math.floor(counts.requests / 2))
    expect(firstFault).toBe(anAnswer(503, '{"n":2}'))
  })

  it('measures CPU time from the end of the warm-up to the last answer', async () => {
    const { port } = await listen((socket) => socket.write(anAnswer()))
    let read = 0
    const cpuSeconds = () => [10, 12, 15][read++] ?? null
    const result = await runLoad({ port, ...SHORT }, () => GET, cpuSeconds)
    expect(read).toBe(3)
    expect((result.serverCpuUs ?? 0) * result.requests).toBeCloseTo(3e6)
    expect(result.generatorCpu).toBeGreaterThan(0)
  })

  it('sends at a fixed rate, and counts a stall from when the requests were due', async () => {
    const stallMs = 150
    const { port, counts } = await listen((socket, n) => {
      setTimeout(() => socket.write(anAnswer()), n === 5 ? stallMs : 0)
    })
    const plan = { port, connections: 1, warmupSeconds: 0, seconds: 0.5, perSecond: 100 }
    const result = await runLoad(plan, () => GET)
    expect(counts.requests).toBeLessThanOrEqual(50)
    expect(result.requests + result.unsent).toBe(50)
    expect(result.maxMs).toBeGreaterThan(stallMs - 5)
    // Ten milliseconds apart: those behind the stall waited 140, 130, 120 ...
    expect(result.late + result.unsent).toBeGreaterThanOrEqual(10)
    expect(result.p95Ms).toBeGreaterThan(stallMs / 2)
  })

  it('waits for the last answer, and counts what it could not send before the end', async () => {
    const { port } = await listen((socket) => setTimeout(() => socket.write(anAnswer()), 400))
    const plan = { port, connections: 1, warmupSeconds: 0, seconds: 0.2, perSecond: 100 }
    expect(await runLoad(plan, () => GET)).toMatchObject({ requests: 1, unsent: 19 })
  })

  it('fails when a connection is closed, and when more comes than was asked for', async () => {
    const closing = await listen((socket) => socket.end(anAnswer()))
    await expect(runLoad({ port: closing.port, ...SHORT }, () => GET)).rejects.toThrow(
      /closed a connection|ECONNRESET|EPIPE/,
    )
    server?.close()
    const doubling = await listen((socket) => socket.write(anAnswer() + anAnswer()))
    await expect(runLoad({ port: doubling.port, ...SHORT }, () => GET)).rejects.toThrow(
      'more came than the one answer',
    )
  })
})

describe('requestsOf', () => {
  it('gives each request the token of its player in turn, and a new ordered key', () => {
    const request = requestsOf(
      {
        method: 'POST',
        path: '/earn',
        body: '{"amount":1}',
        headers: ['idempotency-key: {uuid7}'],
        tokens: ['a', 'b', 'c'],
      },
      2,
    )
    const sent = [request(0, 0), request(1, 0), request(0, 1), request(1, 1)].map(String)
    expect(sent.map((text) => /Bearer (\w)/.exec(text)?.[1])).toEqual(['a', 'b', 'c', 'a'])
    const keys = sent.map((text) => /key: (\S+)/.exec(text)?.[1] ?? '')
    expect(new Set(keys).size).toBe(4)
    const time = (key: string) => key.slice(0, 13)
    expect(keys.map(time)).toEqual(keys.map(time).toSorted())
    for (const key of keys) expect(key).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab]/)
    expect(sent[0]).toMatch(/^POST \/earn HTTP\/1.1\r\nhost: .*content-length: 12\r\n\r\n\{"am/s)
  })

  it('puts a request that does not vary together once', () => {
    const request = requestsOf({ method: 'GET', path: '/balance', tokens: ['a', 'b'] }, 4)
    expect(request(0, 0)).toBe(request(2, 7))
    expect(String(request(1, 0))).toMatch(/^GET \/balance .*Bearer b\r\n\r\n$/s)
  })
})

describe.runIf(process.platform === 'linux')('the memory of processes', () => {
  it('is known when a child of theirs has just ended', async () => {
    // `exec`: what takes the place of the shell does not know the child, and leaves it as it ended.
    const parent = spawn('sh', ['-c', 'sleep 0 & exec sleep 60'], { stdio: 'ignore' })
    const { pid = 0 } = parent
    await expect.poll(() => childrenOf(pid).map(stateOf)).toEqual(['Z'])
    expect(residentMemoryMb(pid)).toBeGreaterThan(0)
    parent.kill()
    await once(parent, 'exit')
    expect(residentMemoryMb(pid)).toBeNull()
  })

  const childrenOf = (pid: number): string[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  const stateOf = (pid: string) =>
    /^State:\t(.)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
})

describe('figures', () => {
  it('are medians with their range, held against floor and target', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 })
    expect(spread([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 })
    const figure = (value: number, aim: NonNullable<Figure['aim']>) =>
      verdictOf({ name: 'x', unit: 'x', notes: [], ...spread([value]), aim })
    const higher = { better: 'higher', floor: 3, target: 6 } as const
    expect([6, 3, 2.9].map((value) => figure(value, higher))).toEqual([
      ...['target met', 'floor met', 'below the floor'],
    ])
    expect([10, 10.1].map((value) => figure(value, { better: 'lower', target: 10 }))).toEqual([
      ...['target met', 'missed'],
    ])
  })

  it('come from contestants that take turns', async () => {
    const order: string[] = []
    const play = (name: string) => async () => order.push(name)
    const rounds = await takeTurns(2, { a: play('a'), b: play('b') })
    expect(order).toEqual(['a', 'b', 'a', 'b'])
    expect(rounds).toEqual({ a: [1, 3], b: [2, 4] })
  })
})

describe('the page of all benchmarks', () => {
  const PAGE = join(import.meta.dirname, '../bench/README.md')

  it('has what the last results are short of', () => {
    expect(pageOfShortfalls()).toBe(readFileSync(PAGE, 'utf8'))
  })

  it('has every figure that misses a bound, and no other', () => {
    const aim = { better: 'higher', floor: 2, target: 3 } as const
    const told = (name: string, value: number): Figure => ({
      ...{ name, unit: 'x', notes: [], ...spread([value]) },
    })
    const lower = { better: 'lower', target: 200 } as const
    const figures = [
      ...[3, 2, 1].map((value) => ({ ...told(`of ${value}`, value), aim })),
      told('without an aim', 1),
      ...[200, 201].map((value) => ({ ...told(`of ${value}`, value), aim: lower })),
    ]
    const report = { bench: 'a', database: 'postgres', variant: 'b', figures } as unknown as Report
    const page = pageOfShortfalls('<!-- bench: shortfalls -->\nold\n<!-- end -->\nafter', [report])
    expect(page.split('\n').slice(3)).toEqual([
      '| a, PostgreSQL, b | of 2 | 2.00 × | ≥ 2.00 | ≥ 3.00 |',
      '| a, PostgreSQL, b | of 1 | 1.00 × | ≥ 2.00 | ≥ 3.00 |',
      '| a, PostgreSQL, b | of 201 | 201.00 × |  | ≤ 200.00 |',
      '<!-- end -->',
      'after',
    ])
  })
})
