// A game in a process of its own that buys without pause and says each purchase that was stored.
// Arguments: the server's address, the folder of the queue, how many purchases (0: only sends).
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@questline/sdk'
import { fileStorage } from '@questline/sdk/storage/file'

const [url = '', folder = '', count = '0'] = process.argv.slice(2)
const client = createClient({
  url,
  apiKey: 'key',
  appId: 'com.game.test',
  playerId: 'player_1',
  storage: fileStorage(folder),
  settings: { backoffMaxMs: 20, retryAfterMaxMs: 20, adoptIntervalMs: 50 },
})
const PURCHASE = { product_id: 'p', quantity: 1, amount_micros: 1, currency: 'EUR' }
for (let n = 0; n < Number(count); n += 1) {
  client.track('custom', { name: 'between' })
  const { event_id, stored } = await client.purchase(PURCHASE)
  // Straight to the pipe: what a killed process had only meant to say counts for nothing.
  writeSync(1, `${stored ? event_id : 'not-stored'}\n`)
}
if (count === '0') {
  for (let calm = 0; calm < 5; ) {
    calm = (await client.flush()) ? calm + 1 : 0
    await sleep(60)
  }
  await client.shutdown()
}
