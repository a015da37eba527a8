import { createRequire } from 'node:module'
import { becomeBrowser } from './browser.ts'
import { type Place, type Sdk, textFields } from './sdk.ts'

type PostHog = {
  capture(event: string, properties: Readonly<Record<string, unknown>>): void
  shutdown(withinMs: number): Promise<void>
}
type Module = {
  readonly PostHog: new (key: string, options: Readonly<Record<string, unknown>>) => PostHog
}

/** With localStorage, its default. Its settings are otherwise those of its documentation's first page. */
export async function startPosthog({ url, folder }: Place): Promise<Sdk> {
  becomeBrowser(folder)
  const { PostHog }: Module = createRequire(import.meta.url)('posthog-js-lite')
  const posthog = new PostHog('phc_bench', {
    host: url,
    persistence: 'localStorage',
    preloadFeatureFlags: false,
  })
  return {
    record(mark, isPurchase, texts) {
      const event = isPurchase ? 'purchase' : 'level done'
      posthog.capture(event, { mark, amount: 4.99, ...textFields(texts) })
    },
    end: (withinMs) => posthog.shutdown(withinMs),
  }
}
