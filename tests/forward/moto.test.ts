import { randomBytes } from 'node:crypto'
import { CreateDeliveryStreamCommand, FirehoseClient } from '@aws-sdk/client-firehose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLeases, createStage } from '../../packages/server/src/analytics/analytics.ts'
import { createFirehose, createForwardConsumer } from '../../packages/server/src/forward/forward.ts'
import { newestOffset } from '../../packages/server/src/log/log.ts'
import { createWholeLog } from '../../packages/server/src/pipeline/whole-log.ts'
import { freshSqlite } from '../database.ts'
import { openTestAnalytics } from '../pipeline/consumers.ts'
import { openGameLog } from '../pipeline/game-log.ts'
import { hasMoto, startMoto } from './moto-server.ts'

// moto is somebody else's reading of the service: that the calls are understood is what it shows. It keeps
// no limit and fails no record; the fake beside this file does.

process.env['AWS_ACCESS_KEY_ID'] = 'test'
process.env['AWS_SECRET_ACCESS_KEY'] = 'test'

const isHere = hasMoto()
if (!isHere) {
  console.warn("moto is not here (pip install 'moto[server]', MOTO_PYTHON): its tests are skipped")
}
const region = 'us-east-1'
/** Not anonymous; moto does not look at the signature. */
const SOMEBODY = {
  authorization: `AWS4-HMAC-SHA256 Credential=test/20260301/${region}/s3/aws4_request, SignedHeaders=host, Signature=0`,
}

describe.skipIf(!isHere)("events on their way through moto's Firehose", () => {
  let moto: Awaited<ReturnType<typeof startMoto>>

  beforeAll(async () => {
    moto = await startMoto()
  }, 70_000)
  afterAll(() => moto.close())

  async function makeStream(name: string): Promise<void> {
    await fetch(`${moto.url}/bucket-of-${name}`, { method: 'PUT' })
    const client = new FirehoseClient({ region, endpoint: moto.url })
    await client.send(
      new CreateDeliveryStreamCommand({
        DeliveryStreamName: name,
        ExtendedS3DestinationConfiguration: {
          RoleARN: 'arn:aws:iam::123456789012:role/firehose',
          BucketARN: `arn:aws:s3:::bucket-of-${name}`,
        },
      }),
    )
    client.destroy()
  }

  /** The rows of all objects. */
  async function delivered(name: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const list = await (await fetch(`${moto.url}/bucket-of-${name}?list-type=2`)).text()
    const keys = [...list.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = '']) => key)
    const texts = await Promise.all(
      keys.map(async (key) => {
        const object = await fetch(`${moto.url}/bucket-of-${name}/${key}`, { headers: SOMEBODY })
        if (!object.ok) throw new Error(`${key}: ${object.status}`)
        return object.text()
      }),
    )
    return texts.flatMap((text) => text.trimEnd().split('\n')).map((line) => JSON.parse(line))
  }

  async function openForwarding(stream: string) {
    const log = await openGameLog({ fresh: freshSqlite })
    const analytics = await openTestAnalytics(log.analyticsFile)
    const sink = await createFirehose({ stream, region, endpoint: moto.url, timeoutMs: 10_000 })
    const consumer = createForwardConsumer({
      nextPage: createWholeLog(log.store.read).nextPage,
      newest: () => newestOffset(log.store.read),
      ...{ sink, random: { bytes: (count: number) => randomBytes(count) } },
      ...{ onBacklog: () => undefined, signal: new AbortController().signal },
    })
    const leases = createLeases(log.analyticsFile)
    return {
      log,
      stage: createStage({ store: analytics, leases }, consumer, { events: 2_000 }),
      async close() {
        sink.close()
        await analytics.close()
        await log.close()
      },
    }
  }

  it('arrive, each as one line, in the order of the log', async () => {
    await makeStream('games')
    const { log, stage, close } = await openForwarding('games')
    const events = Array.from({ length: 1_200 }, (_, index) => ({
      ...{ type: 'purchase', player: `p${index}`, fields: { note: 'línea\n"two"' } },
    }))
    await log.games(...events)
    while ((await stage.step()) > 0);
    const rows = await delivered('games')
    // Objects of one second have no order.
    const positions = rows.map((row) => Number(row['log_position'])).toSorted((a, b) => a - b)
    expect(positions).toEqual(events.map((_event, index) => index + 1))
    expect(rows[0]).toMatchObject({ raw_payload: { note: 'línea\n"two"' } })
    await close()
  }, 60_000)

  it('stay where they are without the stream, and go when there is one', async () => {
    const { log, stage, close } = await openForwarding('later')
    await log.games({ type: 'session_start', player: 'ana' })
    await expect(stage.step()).rejects.toThrow('ResourceNotFoundException')
    expect(await stage.checkpoint()).toBe(0)
    await makeStream('later')
    while ((await stage.step()) > 0);
    expect(await delivered('later')).toHaveLength(1)
    await close()
  }, 60_000)
})
