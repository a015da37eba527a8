import { connect } from 'node:net'
import { answerBytes, statusOf } from './answer.ts'

// The load generator: raw sockets, keep-alive, no pipelining, one request in flight per connection.
// A client library would cost more than the server that it measures; this costs 7 µs a request.

export type LoadPlan = {
  readonly port: number
  readonly connections: number
  readonly warmupSeconds: number
  readonly seconds: number
  /**
   * Requests per second over all connections, sent on a schedule whether or not answers come
   * (open model). A request whose connection still waits for the answer before counts from its
   * scheduled time, so a stall of the server is not hidden. Absent: as fast as answers come.
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
  /** Answers by status, those of the warm-up too. */
  readonly statuses: Readonly<Record<string, number>>
  /** The first answer that is not 2xx. */
  readonly firstFault: string | null
  /** Open model: requests that had to wait for the answer before, and those never sent for it. */
  readonly late: number
  readonly unsent: number
  /** Share of one core that the generator itself used. Above 0.9 it may have been the limit. */
  readonly generatorCpu: number
  /** CPU time of the server per request, where the system tells. */
  readonly serverCpuUs: number | null
}

/** Bytes of HTTP/1.1 of the `n`-th request of a connection. */
export type RequestSource = (connection: number, n: number) => string | Buffer

const LAST_ANSWER_SECONDS_MAX = 30

/**
 * Plays a load and waits for the answers to all that was sent.
 * @param serverCpuSeconds CPU time that the server has used so far, or null where unknown
 * @throws when a connection breaks or answers stop coming
 */
export async function runLoad(
  plan: LoadPlan,
  request: RequestSource,
  serverCpuSeconds: () => number | null = () => null,
): Promise<LoadResult> {
  const tally = createTally(plan)
  const sample = () => ({
    ms: performance.now(),
    own: process.cpuUsage(),
    server: serverCpuSeconds(),
  })
  let before = sample()
  const timer = setTimeout(() => {
    before = sample()
  }, plan.warmupSeconds * 1_000)
  const connections = Array.from({ length: plan.connections }, (_, connection) =>
    playConnection(plan, tally, (n) => request(connection, n)),
  )
  await within(Promise.all(connections), plan).finally(() => clearTimeout(timer))
  const after = sample()
  const own = after.own.user + after.own.system - before.own.user - before.own.system
  const server =
    after.server === null || before.server === null ? null : after.server - before.server
  const result = tally.result()
  return {
    ...result,
    generatorCpu: own / 1e3 / (after.ms - before.ms),
    serverCpuUs: server === null ? null : (server * 1e6) / Math.max(1, result.requests),
  }
}

async function within(all: Promise<unknown>, plan: LoadPlan): Promise<void> {
  const seconds = plan.warmupSeconds + plan.seconds + LAST_ANSWER_SECONDS_MAX
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise((_, reject) => {
    const error = new Error(`answers stopped coming: none for ${LAST_ANSWER_SECONDS_MAX} s`)
    timer = setTimeout(() => reject(error), seconds * 1_000)
  })
  await Promise.race([all, timeout]).finally(() => clearTimeout(timer))
}

type Sent = { readonly dueMs: number; readonly sinceMs: number }
type Tally = ReturnType<typeof createTally>

function createTally({ warmupSeconds, seconds, perSecond }: LoadPlan) {
  const startedMs = performance.now()
  const fromMs = startedMs + warmupSeconds * 1_000
  const endMs = fromMs + seconds * 1_000
  const latencies: number[] = []
  const statuses: Record<string, number> = {}
  const counts = { late: 0, unsent: 0 }
  let firstFault: string | null = null
  const isMeasured = (ms: number) => ms >= fromMs && ms < endMs
  return {
    startedMs,
    endMs,
    /** `dueMs`: when the schedule wanted the request sent. `sinceMs`: from when its time counts. */
    answered(answer: Buffer, { dueMs, sinceMs }: Sent, nowMs: number) {
      const status = statusOf(answer)
      statuses[status] = (statuses[status] ?? 0) + 1
      if (!status.startsWith('2')) firstFault ??= answer.toString('latin1')
      // At a fixed rate the slowest answers come after the end and belong to it all the same.
      if (isMeasured(perSecond === undefined ? nowMs : dueMs)) latencies.push(nowMs - sinceMs)
    },
    late(dueMs: number) {
      if (isMeasured(dueMs)) counts.late += 1
    },
    unsent(requests: number) {
      counts.unsent += requests
    },
    result() {
      latencies.sort((a, b) => a - b)
      const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0
      return {
        requests: latencies.length,
        perSecond: latencies.length / seconds,
        p50Ms: at(0.5),
        p95Ms: at(0.95),
        p99Ms: at(0.99),
        maxMs: latencies.at(-1) ?? 0,
        statuses,
        firstFault,
        ...counts,
      }
    },
  }
}

function playConnection(
  plan: LoadPlan,
  tally: Tally,
  request: (n: number) => string | Buffer,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: plan.port, host: '127.0.0.1', noDelay: true })
    let n = 0
    let sent: Sent = { dueMs: 0, sinceMs: 0 }
    let pending: Buffer | null = null

    const send = (sinceMs: number, dueMs = sinceMs): void => {
      sent = { dueMs, sinceMs }
      socket.write(request(n))
      n += 1
    }
    const end = (): void => {
      resolve()
      socket.destroy()
    }
    const next =
      plan.perSecond === undefined
        ? () => (performance.now() < tally.endMs ? send(performance.now()) : end())
        : onSchedule((1_000 * plan.connections) / plan.perSecond, tally, send, end)

    socket.on('connect', next)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the server closed a connection')))
    socket.on('data', (chunk: Buffer) => {
      try {
        const data: Buffer = pending ? Buffer.concat([pending, chunk]) : chunk
        const bytes = answerBytes(data)
        pending = bytes === null ? data : null
        if (bytes === null) return
        if (data.length > bytes) throw new Error('more came than the one answer')
        tally.answered(data, sent, performance.now())
        next()
      } catch (error) {
        reject(error)
        socket.destroy()
      }
    })
  })
}

/** What to do when a connection is free: send what is overdue at once, else wait for its time. */
function onSchedule(
  intervalMs: number,
  tally: Tally,
  send: (sinceMs: number, dueMs: number) => void,
  end: () => void,
): () => void {
  let dueMs = tally.startedMs - Math.random() * intervalMs
  return () => {
    dueMs += intervalMs
    const nowMs = performance.now()
    if (dueMs >= tally.endMs) return end()
    if (nowMs >= tally.endMs) {
      tally.unsent(Math.ceil((tally.endMs - dueMs) / intervalMs))
      return end()
    }
    if (dueMs > nowMs) {
      // A timer that fires late is the generator's own delay, not the server's.
      setTimeout(() => send(performance.now(), dueMs), dueMs - nowMs)
      return
    }
    tally.late(dueMs)
    send(dueMs, dueMs)
  }
}
