import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { becomeBrowser } from './browser.ts'
import { type Place, type Sdk, textFields } from './sdk.ts'

type Fields = Readonly<Record<string, string>>
type Module = {
  readonly GameAnalytics: {
    configureBuild(build: string): void
    initialize(key: string, secret: string): void
    addBusinessEvent(
      currency: string,
      cents: number,
      itemType: string,
      itemId: string,
      cart: string,
      fields: Fields,
    ): void
    addDesignEvent(id: string, value: number, fields: Fields): void
    onStop(): void
  }
  readonly http: {
    readonly GAHTTPApi: { readonly instance: { baseUrl: string; remoteConfigsBaseUrl: string } }
  }
  readonly state: { readonly GAState: { sessionIsStarted(): boolean } }
}

/** Its thread works once a second. */
const TICK_MS = 1_100

/** With localStorage, which it uses wherever there is one; nothing else can be set. */
export async function startGameAnalytics({ url, folder }: Place): Promise<Sdk> {
  becomeBrowser(folder)
  const { GameAnalytics, http, state }: Module = createRequire(import.meta.url)('gameanalytics')
  const api = http.GAHTTPApi.instance
  api.baseUrl = `${url}/v2`
  api.remoteConfigsBaseUrl = `${url}/remote_configs/v1`
  GameAnalytics.configureBuild('1.0.0')
  GameAnalytics.initialize('0123456789abcdef'.repeat(2), '0123456789'.repeat(4))
  while (!state.GAState.sessionIsStarted()) await sleep(50)
  return {
    record(mark, isPurchase, texts) {
      const fields = { mark, ...textFields(texts) }
      if (isPurchase) GameAnalytics.addBusinessEvent('USD', 499, 'gems', 'pack_01', 'shop', fields)
      else GameAnalytics.addDesignEvent('level:done', 12, fields)
    },
    async end(withinMs) {
      GameAnalytics.onStop()
      await sleep(Math.min(withinMs, TICK_MS))
    },
  }
}
