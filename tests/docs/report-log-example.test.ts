import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createCompute } from '../../packages/server/src/reports/reports.ts'
import {
  createLogCompute,
  type LoggedEvent,
  type LoggedPostback,
  type ReportLog,
} from '../../packages/server/src/reports/source/source.ts'
import { readPage } from './markdown.ts'
import { exampleIn } from './report-examples.ts'

const example = exampleIn(readPage('docs/reports.md').text, '10. From the log')

type Postback = Readonly<Record<string, string>> & {
  readonly log_offset: number
  readonly event_value: { readonly af_order_id: string }
}
type GameEvent = {
  readonly log_offset: number
  readonly event: string
  readonly occurred_at: string
  readonly player_id: string
}

/** The log as the page shows it. */
function logOf(postbacks: readonly Postback[], events: readonly GameEvent[]): ReportLog {
  const logged: readonly LoggedPostback[] = postbacks.map((postback) => ({
    offset: postback.log_offset,
    occurredAt: Date.parse(postback['event_time'] ?? ''),
    eventName: postback['event_name'] ?? '',
    appsflyerId: postback['appsflyer_id'] ?? '',
    customerUserId: postback['customer_user_id'] ?? '',
    revenueUsd: postback['event_revenue_usd'] ?? '',
    campaign: postback['campaign'] ?? '',
    receiptId: postback.event_value.af_order_id,
  }))
  const sent = (type: string): readonly LoggedEvent[] =>
    events
      .filter(({ event }) => event === type)
      .map(({ log_offset, occurred_at, player_id, ...fields }) => ({
        ...{ offset: log_offset, playerId: player_id, occurredAt: Date.parse(occurred_at) },
        payload: JSON.stringify(fields),
      }))
  return {
    newestOffset: async () =>
      Math.max(...[...logged, ...sent('purchase')].map((one) => one.offset)),
    async *postbacks() {
      yield logged
    },
    async *events(type) {
      yield sent(type)
    },
    close: async () => undefined,
  }
}

describe('the worked example of the log in docs/reports.md', () => {
  it('gives what the page says, byte for byte', async () => {
    const log = logOf(
      JSON.parse(example['postbacks'] ?? '') as Postback[],
      JSON.parse(example['events'] ?? '') as GameEvent[],
    )
    const root = mkdtempSync(join(tmpdir(), 'questline-example-'))
    const folder = (name: string): string => join(root, name)
    try {
      for (const name of ['data', 'scratch', 'target']) mkdirSync(folder(name))
      writeFileSync(join(folder('data'), 'costs_daily.csv'), 'date,campaign,ad_cost_usd\n')
      const monotonic = (): number => 0
      const compute = createLogCompute({
        openLog: async () => log,
        loadCompute: async () => createCompute({ monotonic, memory: () => 0 }),
        monotonic,
      })
      const request = {
        ...{ data: folder('data'), scratch: folder('scratch'), target: folder('target') },
        ...{ date: '2026-03-10', inputZone: 'UTC', memoryLimitMb: 512, threads: 2 },
        now: Date.parse('2026-03-11T09:00:00Z'),
      }
      await compute(request, { stage: () => undefined, written: () => undefined })
      const written = readFileSync(join(folder('target'), 'reconciliation.json'), 'utf8')
      expect(written).toBe(example['reconciliation.json'])
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  })
})
