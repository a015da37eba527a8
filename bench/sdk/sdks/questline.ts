import { createClient } from '@questline/sdk'
import { fileStorage } from '@questline/sdk/storage/file'
import { type Place, type Sdk, textFields } from './sdk.ts'

/** As its README says for Node: a file, and otherwise what is set without asking. */
export async function startQuestline({ url, folder, queueEvents }: Place): Promise<Sdk> {
  const client = createClient({
    url,
    apiKey: 'key',
    appId: 'my-game',
    appVersion: '1.0.0',
    playerId: 'player_1',
    ...(folder === undefined ? {} : { storage: fileStorage(folder) }),
    settings: queueEvents === undefined ? {} : { queueEventsMax: queueEvents },
  })
  // Resolves once the storage is open.
  await client.flush()
  return {
    record(mark, isPurchase, texts) {
      const properties = { mark, ...textFields(texts) }
      if (isPurchase) {
        void client.purchase({
          product_id: 'gems_pack_01',
          quantity: 1,
          amount_micros: 4_990_000,
          currency: 'USD',
          transaction_id: mark,
          properties,
        })
      } else client.track('custom', { name: 'level:done', value: 12, properties })
    },
    end: (withinMs) => client.shutdown(withinMs),
  }
}
