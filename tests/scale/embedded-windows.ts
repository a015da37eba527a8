import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAnalytics } from '../../packages/server/src/analytics/analytics.ts'
import { systemRandom } from '../../packages/server/src/platform/platform.ts'
import type { EnrichedEvent } from '../../packages/server/src/quality/quality.ts'
import { type Read, shared } from '../../packages/server/src/store/store.ts'
import { createWindows } from '../../packages/server/src/windows/windows.ts'
import type { Row } from './compare-rows.ts'

const PAGE_EVENTS = 500

/** The rows of `window_facts` that the embedded windows make of these events. */
export const embeddedRows = (events: readonly EnrichedEvent[]): Promise<readonly Row[]> =>
  counted(events, (read) => read<Row>(READ.window_facts, []))

/** The same, as `factLines` has them. */
export const embeddedFacts = (events: readonly EnrichedEvent[]): Promise<readonly string[]> =>
  counted(events, (read) => factLines(read, 'window_facts'))

async function counted<T>(
  events: readonly EnrichedEvent[],
  answer: (read: Read) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'questline-embedded-'))
  const store = await openAnalytics(
    { now: () => 0, random: systemRandom() },
    { kind: 'sqlite', file: join(folder, 'analytics.db'), busyTimeoutMs: 5_000 },
  )
  try {
    const windows = createWindows({ nextPage: async () => null })
    for (let at = 0; at < events.length; at += PAGE_EVENTS) {
      const page = events.slice(at, at + PAGE_EVENTS)
      const [first = 0, last = 0] = [page[0]?.offset, page.at(-1)?.offset]
      await store.transaction((tx) => windows.apply(tx, { first, last, events: page }))
    }
    return await answer(store.read)
  } finally {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  }
}

const COLUMNS = 'grain, start, app, country_code, platform, metric, label'
const READ = {
  window_facts: shared(
    'test.facts-of-file',
    `SELECT ${COLUMNS}, CAST(value AS TEXT) AS value FROM window_facts`,
  ),
  'analytics.window_facts': shared(
    'test.facts-of-schema',
    `SELECT ${COLUMNS}, CAST(value AS TEXT) AS value FROM analytics.window_facts`,
  ),
}

/** A line for each row, sorted. */
export async function factLines(read: Read, table: keyof typeof READ): Promise<readonly string[]> {
  const rows = await read<Row>(READ[table], [])
  return rows
    .map((row) => [...COLUMNS.split(', '), 'value'].map((name) => String(row[name])).join(' · '))
    .sort()
}
