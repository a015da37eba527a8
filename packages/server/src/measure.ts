import type { Books, World } from './books/books.ts'
import type { Metrics } from './platform/platform.ts'

// Which metrics the server has; docs/operations.md explains them.

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
const WRITES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024]

export function measureCommits(metrics: Metrics): World['onCommit'] {
  const size = metrics.histogram('commit_writes', 'Writes in one commit.', WRITES)
  const seconds = metrics.histogram('commit_seconds', 'Duration of one commit.', SECONDS)
  return (writes, durationMs) => {
    size(writes)
    seconds(durationMs / 1_000)
  }
}

export function measureRequests(metrics: Metrics) {
  return metrics.boundHistogram(
    'http_request_seconds',
    'From the headers of a request until its answer is handed over.',
    ['route', 'method', 'status'],
    SECONDS,
  )
}

/**
 * How long a run of the reports takes: the one in progress, else the last one that this process made.
 * @param monotonic milliseconds that never go backwards
 */
export function measureRuns(metrics: Metrics, monotonic: () => number) {
  let beganAt: number | null = null
  let lastMs = 0
  metrics.gauge(
    'reports_run_seconds',
    'Duration of the run of the reports in progress, else of the last one that ended.',
    () => (beganAt === null ? lastMs : monotonic() - beganAt) / 1_000,
  )
  return {
    /** A run has begun; the result ends it. */
    begin(): () => void {
      const at = monotonic()
      beganAt = at
      return () => {
        lastMs = monotonic() - at
        beganAt = null
      }
    },
  }
}

export function measureStore(metrics: Metrics, { store, writer, ingest }: Books): void {
  metrics.gauge('commit_queue_depth', 'Writes that wait for a commit.', () => writer.stats().depth)
  metrics.gauge(
    'commit_queue_oldest_seconds',
    'Age of the oldest of them.',
    () => writer.stats().oldestMs / 1_000,
  )
  const waiting = ingest.waiting
  metrics.gauge(
    'ingest_queue_events',
    'Events of games that wait for a commit.',
    () => waiting().events,
  )
  metrics.gauge('ingest_queue_bytes', 'Bytes of their JSON.', () => waiting().bytes)
  metrics.gauge('db_connections_in_use', 'Connections in use.', () => store.pool().inUse)
  metrics.gauge('db_connections_open', 'Connections open.', () => store.pool().open)
  metrics.gauge('db_connections_max', 'Connections allowed.', () => store.pool().max)
}
