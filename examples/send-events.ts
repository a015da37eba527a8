// A simulated game client: sends an install and a purchase to a running server.
//
//   EVENT_API_KEY=… npx node examples/send-events.ts [http://127.0.0.1:8000]
//
// npx takes the Node of this repository, which runs TypeScript as it is.
// The key is one of scope ingest (`questline keys create --scope ingest --app default`), or what the
// server itself has as EVENT_API_KEY; a .env in the working directory is read.
import { existsSync } from 'node:fs'
import { type Client, createClient, type Recorded } from '@questline/sdk'

if (existsSync('.env')) process.loadEnvFile()
const { EVENT_API_KEY, EVENT_API_APP = 'default' } = process.env
if (!EVENT_API_KEY) {
  console.error('Set EVENT_API_KEY to a key of scope ingest.')
  process.exit(2)
}

const client = createClient({
  url: process.argv[2] ?? 'http://127.0.0.1:8000',
  apiKey: EVENT_API_KEY,
  appId: EVENT_API_APP,
  playerId: 'player_1',
  platform: 'ios',
})

/** Prints what the server says of the event, or why it has not got it. */
async function show(name: string, record: () => Promise<Recorded>): Promise<void> {
  const answer = firstAnswer(client)
  await record()
  console.log(`${name} response: ${await answer}`)
}

const firstAnswer = (from: Client): Promise<string> =>
  new Promise((resolve, reject) => {
    const stops = [
      from.on('sent', ({ http_status, event_id }) =>
        // A duplicate is accepted too: the server has it.
        settle(() => resolve(`${http_status} ${JSON.stringify({ status: 'accepted', event_id })}`)),
      ),
      from.on('rejected', (notice) => settle(() => reject(new Error(JSON.stringify(notice))))),
      from.on('dropped', (notice) => settle(() => reject(new Error(JSON.stringify(notice))))),
      from.on('error', (notice) => settle(() => reject(new Error(JSON.stringify(notice))))),
    ]
    const late = setTimeout(() => settle(() => reject(new Error('no answer in 10 s'))), 10_000)
    const settle = (call: () => void): void => {
      clearTimeout(late)
      for (const stop of stops) stop()
      call()
    }
  })

try {
  await show('Install', () => client.install())
  await show('Purchase', () =>
    client.purchase({
      product_id: 'gems_pack_01',
      quantity: 1,
      amount_micros: 4_990_000,
      currency: 'EUR',
    }),
  )
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
await client.shutdown()
