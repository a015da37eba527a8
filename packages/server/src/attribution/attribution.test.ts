import { createHash, createHmac } from 'node:crypto'
import type { LogEvent } from '@questline/contracts'
import { afterEach, describe, expect, it } from 'vitest'
import { NOON } from '../../../../tests/builders.ts'
import { DATABASES, type FreshDatabase } from '../../../../tests/database.ts'
import { openTestStore } from '../../../../tests/open-store.ts'
import { plainSql } from '../../../../tests/plain-sql.ts'
import { createLog } from '../log/log.ts'
import { createLogger } from '../platform/platform.ts'
import { createWriter, migrate, type Store, type Tx } from '../store/store.ts'
import {
  type AppendToLog,
  type AttributionSettings,
  createAttribution,
  type IncomingPostback,
} from './attribution.ts'

const SECRET = 'a secret of the tests, long enough'
const PREVIOUS = 'the secret before the rotation'
const TOKEN = 'a-token-of-the-tests'

const SIGNED: AttributionSettings = {
  unsignedPostbacks: false,
  verifiers: [{ kind: 'hmac', header: 'X-AF-Signature', secrets: [SECRET, PREVIOUS] }],
  defaultApp: 'default',
}
const DEVELOPMENT: AttributionSettings = { ...SIGNED, unsignedPostbacks: true }

const sign = (body: string, secret = SECRET): string =>
  createHmac('sha256', secret).update(body).digest('hex')

type Headers = Readonly<Record<string, string | readonly string[]>>

const aPostback = (body: string, headers: Headers, receivedAt = NOON): IncomingPostback => ({
  rawBody: Buffer.from(body),
  payload: JSON.parse(body),
  header: (name) => [headers[name] ?? []].flat(),
  address: '203.0.113.7',
  receivedAt,
})
const signed = (body: string, secret = SECRET, receivedAt = NOON): IncomingPostback =>
  aPostback(body, { 'x-af-signature': sign(body, secret) }, receivedAt)
const unsigned = (body: string, receivedAt = NOON): IncomingPostback =>
  aPostback(body, {}, receivedAt)

const aBody = (changes: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    event_name: 'af_purchase',
    appsflyer_id: '1234567890-abcdef',
    customer_user_id: 'alice',
    event_revenue_usd: '9.99',
    event_time: '2026-03-01 11:30:00',
    ...changes,
  })

const MESSAGE = 'Postback received and stored successfully'

describe.each(DATABASES)('attribution on $name', (database) => {
  const closing: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  /** An empty database, and attribution on it as one server process has it. */
  async function fresh(settings = SIGNED) {
    const { url, drop }: FreshDatabase = await database.fresh()
    closing.push(drop)
    const warnings: object[] = []
    const logger = createLogger('silent')
    logger.warn = (fields: object) => void warnings.push(fields)

    let transactions = 0
    const counting = (store: Store): Store => ({
      ...store,
      transaction(work) {
        transactions += 1
        return store.transaction(work)
      },
    })
    const start = async (more: { append?: (on: AppendToLog) => AppendToLog } = {}) => {
      const store = counting(openTestStore(url))
      closing.push(() => store.close())
      await migrate(store, () => NOON)
      const writer = createWriter(
        { store, monotonic: () => 0, onFatal: () => undefined },
        { commitWritesMax: 1_024 },
      )
      const log = createLog({ store, writer })
      const append = more.append?.(log.append) ?? log.append
      return createAttribution({ writer, append, logger }, settings)
    }
    return {
      attribution: await start(),
      restarted: start,
      warnings,
      transactions: () => transactions,
      events: () =>
        plainSql(
          url,
          `SELECT log_offset, app, event_type, player_id, occurred_at, received_at, payload
          FROM event_log ORDER BY log_offset`,
        ),
      postbacks: () =>
        plainSql(
          url,
          `SELECT postback_id, source, payload, signature, verified, received_at, supersedes
          FROM raw_postbacks ORDER BY postback_id`,
        ),
      dedupeKeys: () => plainSql(url, 'SELECT dedupe_key FROM raw_postbacks ORDER BY postback_id'),
    }
  }

  it('stores the raw body, its signature and its event under one id', async () => {
    const { attribution, events, postbacks, dedupeKeys } = await fresh()
    const body = `${aBody()}\n `
    expect(await attribution.receive(signed(body))).toEqual({
      ok: true,
      postbackId: 1,
      eventId: 1,
      message: MESSAGE,
    })
    expect(await events()).toEqual([
      {
        log_offset: 1n,
        app: 'default',
        event_type: 'af_purchase',
        player_id: 'alice',
        occurred_at: BigInt(Date.UTC(2026, 2, 1, 11, 30)),
        received_at: BigInt(NOON),
        payload: body,
      },
    ])
    expect(await postbacks()).toEqual([
      {
        postback_id: 1n,
        source: 'appsflyer',
        payload: body,
        signature: sign(body),
        verified: 1n,
        received_at: BigInt(NOON),
        supersedes: null,
      },
    ])
    const [row] = await dedupeKeys()
    const sha256 = createHash('sha256').update(body).digest()
    expect(Buffer.from(row?.['dedupe_key'] as Uint8Array)).toEqual(sha256)
  })

  it('answers the same postback with the first ids and stores nothing more', async () => {
    const { attribution, restarted, events, postbacks } = await fresh()
    const first = await attribution.receive(signed(aBody()))
    await attribution.receive(signed(aBody({ event_name: 'install' })))
    const again = { ...first, duplicate: true }
    expect(await attribution.receive(signed(aBody(), SECRET, NOON + 1_000))).toEqual(again)
    expect(await attribution.receive(signed(aBody(), PREVIOUS))).toEqual(again)
    // A sender that never got its answer, because the server died after the commit, sends again.
    expect(await (await restarted()).receive(signed(aBody()))).toEqual(again)
    expect(await events()).toHaveLength(2)
    expect(await postbacks()).toHaveLength(2)
  })

  it('stores the same postback once when it comes 50 times at once, among others', async () => {
    const { attribution, events, postbacks, transactions } = await fresh()
    const bodies = Array.from({ length: 100 }, (_, i) =>
      i % 2 === 0 ? aBody() : aBody({ event_value: `{"level":${i}}` }),
    )
    const answers = await Promise.all(bodies.map((body) => attribution.receive(signed(body))))
    expect(transactions()).toBe(1)
    const same = answers.filter((_, i) => i % 2 === 0)
    expect(new Set(same.map(({ postbackId }) => postbackId)).size).toBe(1)
    expect(same.filter(({ duplicate }) => duplicate)).toHaveLength(49)
    expect(new Set(answers.map(({ eventId }) => eventId)).size).toBe(51)
    expect(await events()).toHaveLength(51)

    const stored = new Map((await postbacks()).map((row) => [row['postback_id'], row['payload']]))
    answers.forEach(({ postbackId }, i) => {
      expect(stored.get(BigInt(postbackId))).toBe(bodies[i])
    })
  })

  it('knows a transaction again in other bytes, and its refund as something else', async () => {
    const { attribution, postbacks } = await fresh()
    const receipt = { event_value: '{"af_receipt_id":"r-1"}' }
    const first = await attribution.receive(signed(aBody(receipt)))
    const again = await attribution.receive(signed(aBody({ ...receipt, idfa: null })))
    expect(again).toEqual({ ...first, duplicate: true })
    const refund = await attribution.receive(signed(aBody({ ...receipt, event_name: 'af_refund' })))
    expect(refund.duplicate).toBeUndefined()
    expect(await postbacks()).toHaveLength(2)
  })

  it('refuses a postback without proof while the door is closed', async () => {
    const { attribution, events, postbacks, warnings } = await fresh()
    for (const body of [aBody(), '{}']) {
      await expect(attribution.receive(unsigned(body))).rejects.toMatchObject({
        code: 'invalid-signature',
      })
    }
    expect(await events()).toEqual([])
    expect(await postbacks()).toEqual([])
    expect(warnings).toEqual(Array(2).fill({ verdict: 'absent', address: '203.0.113.7' }))
  })

  it('refuses a wrong signature in every environment', async () => {
    for (const settings of [SIGNED, DEVELOPMENT]) {
      const { attribution, events, postbacks } = await fresh(settings)
      const wrong = ['', 'no', sign(aBody(), 'another'), [sign(aBody()), sign(aBody())]]
      for (const signature of wrong) {
        const postback = aPostback(aBody(), { 'x-af-signature': signature })
        await expect(attribution.receive(postback)).rejects.toMatchObject({
          code: 'invalid-signature',
        })
      }
      expect(await events()).toEqual([])
      expect(await postbacks()).toEqual([])
    }
  })

  it('keeps postbacks without proof apart while the door is open, and warns', async () => {
    const { attribution, postbacks, warnings } = await fresh(DEVELOPMENT)
    const first = await attribution.receive(unsigned(aBody()))
    const second = await attribution.receive(unsigned(aBody()))
    expect([first, second]).toEqual([
      { ok: true, postbackId: 1, eventId: 1, message: MESSAGE },
      { ok: true, postbackId: 2, eventId: 2, message: MESSAGE },
    ])
    expect(await postbacks()).toMatchObject([
      { verified: 0n, signature: null, supersedes: null },
      { verified: 0n, signature: null, supersedes: null },
    ])
    expect(warnings).toEqual([{ postback_id: 1 }, { postback_id: 2 }])
  })

  it('lets nobody shut out a real postback by sending it first without proof', async () => {
    const { attribution, postbacks } = await fresh(DEVELOPMENT)
    await attribution.receive(unsigned(aBody()))
    await attribution.receive(unsigned(aBody()))
    const real = await attribution.receive(signed(aBody()))
    expect(real).toEqual({ ok: true, postbackId: 3, eventId: 3, message: MESSAGE })
    expect(await attribution.receive(signed(aBody()))).toEqual({ ...real, duplicate: true })
    const late = await attribution.receive(unsigned(aBody()))
    expect(late).toMatchObject({ postbackId: 4 })
    expect(late.duplicate).toBeUndefined()
    expect(await postbacks()).toMatchObject([
      { verified: 0n, supersedes: null },
      { verified: 0n, supersedes: null },
      { verified: 1n, supersedes: 1n },
      { verified: 0n, supersedes: null },
    ])
  })

  it('decides copies in one commit as it does in several', async () => {
    const { attribution, postbacks, transactions } = await fresh(DEVELOPMENT)
    await attribution.receive(unsigned(aBody({ event_name: 'install' })))
    const answers = await Promise.all([
      attribution.receive(unsigned(aBody())),
      attribution.receive(unsigned(aBody())),
      attribution.receive(signed(aBody())),
      attribution.receive(signed(aBody({ event_name: 'install' }))),
      attribution.receive(signed(aBody())),
      attribution.receive(unsigned(aBody())),
    ])
    expect(transactions()).toBe(2)
    expect(answers.map(({ postbackId }) => postbackId)).toEqual([2, 3, 4, 5, 4, 6])
    expect(answers.map(({ duplicate }) => duplicate === true)).toEqual([
      ...[false, false, false, false, true, false],
    ])
    const superseded = (await postbacks()).map((row) => row['supersedes'])
    expect(superseded).toEqual([null, null, null, 2n, 1n, null])
  })

  it('stores nothing of a postback when its event cannot be logged, and all when it comes again', async () => {
    const { restarted, events, postbacks } = await fresh()
    let broken = true
    const attribution = await restarted({
      append: (append) => async (tx: Tx, logged: readonly LogEvent[]) => {
        const offset = await append(tx, logged)
        if (broken) throw new Error('cut off between the event and the raw body')
        return offset
      },
    })
    await expect(attribution.receive(signed(aBody()))).rejects.toThrow('cut off')
    expect(await events()).toEqual([])
    expect(await postbacks()).toEqual([])

    broken = false
    const answer = await attribution.receive(signed(aBody()))
    expect(answer).toEqual({ ok: true, postbackId: 1, eventId: 1, message: MESSAGE })
    expect(await events()).toHaveLength(1)
    expect(await postbacks()).toHaveLength(1)
  })

  it('answers a test call of the provider without storing anything', async () => {
    const { attribution, events, postbacks } = await fresh(DEVELOPMENT)
    const answer = {
      ok: true,
      postbackId: 0,
      eventId: 0,
      message: 'Test call received, nothing was stored',
    }
    expect(await attribution.receive(signed('{}'))).toEqual(answer)
    expect(await attribution.receive(unsigned('{"event_name":null}'))).toEqual(answer)
    expect(await events()).toEqual([])
    expect(await postbacks()).toEqual([])
  })

  it('keeps what it does not understand, byte for byte', async () => {
    const { attribution, events, postbacks } = await fresh()
    const bodies = [
      '{"nothing":"we know"}',
      '{ "event_name" : "\\u0000 \\ud800 😀", "event_time": "soon", "event_value": "{" }',
      `{"event_name":${JSON.stringify('é'.repeat(1_000))},"x":[[[1e400]]]}`,
      `{"customer_user_id":"${'😀'.repeat(255)}","event_value":"${'x'.repeat(250_000)}"}`,
    ]
    for (const body of bodies) await attribution.receive(signed(body))
    expect((await postbacks()).map((row) => row['payload'])).toEqual(bodies)
    expect((await events()).map((row) => row['payload'])).toEqual(bodies)
    expect((await events()).map((row) => row['event_type'])).toEqual([
      'af_unknown',
      `af_${'_'.repeat(5)}`,
      `af_${'_'.repeat(97)}`,
      'af_unknown',
    ])
  })

  it('refuses a player that no database could keep, and stores nothing', async () => {
    const { attribution, events } = await fresh()
    const body = aBody({ customer_user_id: 'a\0b' })
    await expect(attribution.receive(signed(body))).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer: '#/customer_user_id' }],
    })
    expect(await events()).toEqual([])
  })

  it('never stores the token that proves a postback', async () => {
    const { attribution, postbacks, warnings } = await fresh({
      ...SIGNED,
      verifiers: [{ kind: 'static-token', header: 'Authorization', tokens: [TOKEN] }],
    })
    await attribution.receive(aPostback(aBody(), { authorization: TOKEN }))
    expect(await postbacks()).toMatchObject([{ verified: 1n, signature: null }])
    const refused = attribution.receive(aPostback(aBody(), { authorization: `${TOKEN}!` }))
    await expect(refused).rejects.toMatchObject({ code: 'invalid-signature' })
    expect(JSON.stringify(warnings)).not.toContain(TOKEN)
  })

  it('logs opened deeplinks, in one commit with postbacks', async () => {
    const { attribution, events } = await fresh()
    const open = { playerId: null, app: 'default', at: NOON }
    await Promise.all([
      attribution.deeplink({ ...open, character: 'elf', campaign: 'summer' }),
      attribution.receive(signed(aBody())),
      attribution.deeplink({ ...open, character: null, campaign: null, playerId: 'bob', app: 'b' }),
    ])
    const deeplinks = (await events()).filter((row) => row['event_type'] === 'deeplink_open')
    const times = { occurred_at: BigInt(NOON), received_at: BigInt(NOON) }
    expect(deeplinks).toMatchObject([
      {
        app: 'default',
        player_id: null,
        payload: '{"character":"elf","campaign":"summer"}',
        ...times,
      },
      { app: 'b', player_id: 'bob', payload: '{"character":null,"campaign":null}', ...times },
    ])
    expect((await events()).map((row) => row['log_offset'])).toEqual([1n, 2n, 3n])
  })
})

it('does not start with a verifier that proves nothing', () => {
  const parts = { writer: { submit: () => Promise.reject() } } as never
  const verifiers = [{ kind: 'hmac', header: 'x-af-signature', secrets: [''] }] as const
  expect(() => createAttribution(parts, { ...SIGNED, verifiers })).toThrow('without a secret')
})
