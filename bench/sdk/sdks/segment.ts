import { createRequire } from 'node:module'
import { type Place, type Sdk, textFields } from './sdk.ts'

type Analytics = {
  track(event: Readonly<Record<string, unknown>>): void
  closeAndFlush(options: { readonly timeout: number }): Promise<void>
  on(name: string, listener: () => void): unknown
}
type Module = {
  readonly Analytics: new (options: Readonly<Record<string, unknown>>) => Analytics
}

/** It keeps events in memory alone, and has no bound for them: nothing can be set for that. */
export async function startSegment({ url }: Place): Promise<Sdk> {
  const { Analytics }: Module = createRequire(import.meta.url)('@segment/analytics-node')
  const analytics = new Analytics({ writeKey: 'bench', host: url })
  // Without a listener an error event would end the process.
  analytics.on('error', () => undefined)
  return {
    record(mark, isPurchase, texts) {
      analytics.track({
        userId: 'player_1',
        event: isPurchase ? 'Order Completed' : 'Level Done',
        properties: { mark, revenue: 4.99, ...textFields(texts) },
      })
    },
    end: (timeout) => analytics.closeAndFlush({ timeout }),
  }
}
