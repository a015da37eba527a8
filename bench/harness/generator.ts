import { connect, type Socket } from 'node:net'

// The load generator: raw sockets, keep-alive, no pipelining, one request in flight per connection.
// A client library would cost more than the server that it measures.

export type LoadPlan = {
  readonly port: number
  readonly connections: number
  readonly warmupSeconds: number
  readonly seconds: number
  /**
   * Requests per second over all connections, sent on a schedule whether or not answers come
   * (open model: latency counts from the scheduled time). Absent: as fast as answers come.
   */
  readonly perSecond?: number
}

export type LoadResult = {
  readonly requests: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>
  /** Share of one core that the generator itself used. Above 0.9 it may have been the limit. */
  readonly generatorCpu: number
}

const HEAD_END = Buffer.from('\r\n\r\n')
const LENGTH = Buffer.from('ontent-length: ')

/** Plays `request(connection, n)`, the n-th request of that connection as bytes of HTTP/1.1. */
export async function runLoad(
  plan: LoadPlan,
  request: (connection: number, n: number) => string | Buffer,
): Promise<LoadResult> {
  const latencies: number[] = []
  const statuses: Record<string, number> = {}
  const startedMs = performance.now()
  const measureFromMs = startedMs + plan.warmupSeconds * 1_000
  const endMs = measureFromMs + plan.seconds * 1_000
  const intervalMs = plan.perSecond === undefined ? 0 : (1_000 * plan.connections) / plan.perSecond
  let cpu = process.cpuUsage()
  setTimeout(() => {
    cpu = process.cpuUsage()
  }, plan.warmupSeconds * 1_000)

  const record = (status: string, sentMs: number, nowMs: number): void => {
    if (nowMs < measureFromMs || nowMs >= endMs) return
    latencies.push(nowMs - sentMs)
    statuses[status] = (statuses[status] ?? 0) + 1
  }
  const players = Array.from({ length: plan.connections }, (_, connection) =>
    playConnection({ port: plan.port, connection, endMs, intervalMs, startedMs, request, record }),
  )
  await Promise.all(players)
  const used = process.cpuUsage(cpu)
  latencies.sort((a, b) => a - b)
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0
  return {
    requests: latencies.length,
    perSecond: latencies.length / plan.seconds,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    maxMs: latencies.at(-1) ?? 0,
    statuses,
    generatorCpu: (used.user + used.system) / 1e6 / plan.seconds,
  }
}

type Connection = {
  readonly port: number
  readonly connection: number
  readonly endMs: number
  readonly intervalMs: number
  readonly startedMs: number
  readonly request: (connection: number, n: number) => string | Buffer
  readonly record: (status: string, sentMs: number, nowMs: number) => void
}

function playConnection(of: Connection): Promise<void> {
  const { endMs, intervalMs, record } = of
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port: of.port, host: '127.0.0.1', noDelay: true })
    let n = 0
    let dueMs = of.startedMs + Math.random() * intervalMs
    let sentMs = 0
    let pending: Buffer | null = null

    const send = (): void => {
      sentMs = intervalMs === 0 ? performance.now() : dueMs
      socket.write(of.request(of.connection, n))
      n += 1
    }
    const next = (): void => {
      const nowMs = performance.now()
      if (nowMs >= endMs) {
        socket.destroy()
        resolve()
        return
      }
      if (intervalMs === 0) return send()
      dueMs += intervalMs
      if (dueMs <= nowMs) send()
      else setTimeout(send, dueMs - nowMs)
    }
    socket.on('connect', next)
    socket.on('error', reject)
    socket.on('close', () => resolve())
    socket.on('data', (chunk: Buffer) => {
      const data: Buffer = pending ? Buffer.concat([pending, chunk]) : chunk
      if (!isWhole(data)) {
        pending = data
        return
      }
      pending = null
      record(data.toString('latin1', 9, 12), sentMs, performance.now())
      next()
    })
  })
}

/** Whether `data` holds the whole answer to the one request in flight. */
function isWhole(data: Buffer): boolean {
  const headEnd = data.indexOf(HEAD_END)
  if (headEnd < 0) return false
  const at = data.indexOf(LENGTH)
  if (at < 0 || at > headEnd) return true
  return data.length >= headEnd + 4 + Number.parseInt(data.toString('latin1', at + 15, at + 26), 10)
}
