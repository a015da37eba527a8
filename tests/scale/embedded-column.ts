// The other column of the conformance: one process on SQLite that gets the requests of a recorded game
// at the times at which the cluster has received them.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  analyticsFile,
  catchUp,
  openAnalytics,
  openLeases,
} from '../../packages/server/src/analytics/analytics.ts'
import { newestOffset } from '../../packages/server/src/log/log.ts'
import { createConsumers } from '../../packages/server/src/pipeline/consumers.ts'
import { systemClock, systemRandom } from '../../packages/server/src/platform/platform.ts'
import type { EnrichedEvent } from '../../packages/server/src/quality/quality.ts'
import type { Read } from '../../packages/server/src/store/store.ts'
import { freshSqlite } from '../database.ts'
import { startServer, type TestServer } from '../http/server.ts'
import { fileOf } from '../open-store.ts'
import { questline } from '../questline.ts'
import { type Column, createColumn } from './columns.ts'
import type { Sent } from './recorded-game.ts'

export type Receipt = { readonly offset: number; readonly receivedAt: number }

export type EmbeddedColumn = {
  readonly server: TestServer
  /** Where its numbers are. */
  readonly analytics: string
  readonly column: Column
  /** What is told of each event, in the order of the requests. */
  send(sent: readonly Sent[], receipts: ReadonlyMap<string, Receipt>): Promise<void>
}

export async function startEmbedded(
  settings: Readonly<Record<string, string>>,
): Promise<EmbeddedColumn> {
  let at = Date.now()
  const clock = { now: () => at, monotonic: systemClock.monotonic }
  const server = await startServer(
    { name: 'sqlite', fresh: freshSqlite },
    { settings: { CONSUMERS: 'on', ...settings }, world: { clock } },
  )
  const { databaseUrl, dataDir } = server
  const analytics = `sqlite:///${analyticsFile({ kind: 'sqlite', file: fileOf(databaseUrl) }, dataDir)}`
  const around = {
    folder: dataDir,
    settings: { DATA_DIR: dataDir, DATABASE_URL: databaseUrl },
  }
  return {
    ...{ server, analytics },
    column: createColumn({
      ...{ books: databaseUrl, analytics, schema: '' },
      async ask(words) {
        const { exit, output, errors } = await questline([...words, '--json'], around)
        if (exit !== 0) throw new Error(`${words.join(' ')}: ${exit} ${errors}${output}`)
        return JSON.parse(output)
      },
    }),
    async send(sent, receipts) {
      for (const request of inOrderOfArrival(sent, receipts)) {
        at = request.at
        const { path, headers, body } = request.sent
        const answer = await fetch(new URL(path, server.url), { method: 'POST', headers, body })
        // What the cluster has answered too, or would have.
        const { results } = Object(await answer.json())
        if (!Array.isArray(results)) throw new Error(`${path}: ${answer.status}`)
      }
    },
  }
}

/** Clocks of processes agree on one machine; a receipt is noted before the answer. */
const SLACK_MS = 5

/**
 * When each request was received: as the log says of an event that it brought. What brought nothing came
 * before its answer, and what had neither effect nor answer may never have arrived. Of two that carry the
 * same event at the same time, it was brought by the one that was told so.
 */
export function inOrderOfArrival(sent: readonly Sent[], receipts: ReadonlyMap<string, Receipt>) {
  return sent
    .flatMap((each) => {
      const brought = each.eventIds.flatMap((id) => {
        const receipt = receipts.get(id.toLowerCase())
        const isIts =
          receipt !== undefined &&
          isAccepted(each, id) !== false &&
          receipt.receivedAt >= each.from - SLACK_MS &&
          receipt.receivedAt <= each.to + SLACK_MS
        return isIts ? [receipt] : []
      })
      const first = brought.toSorted((a, b) => a.offset - b.offset)[0]
      if (first !== undefined) return [{ sent: each, at: first.receivedAt, offset: first.offset }]
      return each.verdicts === null ? [] : [{ sent: each, at: each.to, offset: Infinity }]
    })
    .toSorted((a, b) => a.at - b.at || a.offset - b.offset || doubt(a.sent) - doubt(b.sent))
}

/** Null when no answer tells. */
function isAccepted({ verdicts }: Sent, id: string): boolean | null {
  const verdict = verdicts?.find(({ event_id }) => event_id?.toLowerCase() === id.toLowerCase())
  return verdict ? verdict.status === 'accepted' : null
}

const doubt = ({ verdicts }: Sent): number => (verdicts === null ? 1 : 0)

/** All events of the books as quality leaves them, by a pass of its own. */
export async function enrichedOf(readBooks: Read): Promise<readonly EnrichedEvent[]> {
  const folder = await mkdtemp(join(tmpdir(), 'questline-enriched-'))
  const place = {
    kind: 'sqlite',
    file: join(folder, 'analytics.db'),
    busyTimeoutMs: 5_000,
  } as const
  const random = systemRandom()
  const analytics = await openAnalytics({ now: Date.now, random }, place)
  try {
    const { monotonic } = systemClock
    const leases = openLeases({ store: analytics, monotonic, random, file: place.file }, place)
    const consumers = createConsumers(
      { readBooks, analytics, leases },
      { rules: [], batchEvents: 5_000 },
    )
    const [quality] = consumers.stages
    if (quality === undefined) throw new Error('quality comes first')
    const head = await newestOffset(readBooks)
    await catchUp([quality], head)
    const events: EnrichedEvent[] = []
    for (let at = 0; at < head; ) {
      const page = await consumers.pages.next(at)
      if (page === null) break
      events.push(...page.events)
      at = page.last
    }
    return events
  } finally {
    await analytics.close()
    await rm(folder, { recursive: true, force: true })
  }
}
