import { createHash } from 'node:crypto'
import { POSTBACK, POSTBACK_SIGNATURE_HEADER } from '@questline/contracts'
import { type Clock, toInstant } from '../platform/platform.ts'
import type { Player } from './player.ts'
import { signPostback } from './postback-test.ts'
import type { Table } from './seat.ts'
import type { Answer } from './wire.ts'

/** AppsFlyer reports a purchase of `player`: once, once more, and once with a forged signature. */
export async function reportPurchase(
  { wire, dice, expect, tally }: Table,
  parts: { readonly clock: Pick<Clock, 'now'>; readonly secret: string },
  player: Player,
): Promise<void> {
  const body = JSON.stringify({
    event_name: 'af_purchase',
    event_time: toInstant(parts.clock.now()).replace('T', ' ').replace('Z', ''),
    appsflyer_id: `${dice.between(1_000_000, 9_999_999)}-${dice.between(1_000, 9_999)}`,
    customer_user_id: player.userId,
    event_revenue_usd: dice.pick(['0.99', '4.99', '9.99']),
    event_value: JSON.stringify({ af_receipt_id: `r-${dice.text(9)}` }),
    campaign: dice.pick(['summer_promo', 'winter_sale']),
    media_source: 'google_ads',
  })
  const send = (signature: string): Promise<Answer> =>
    wire.send({
      ...{ method: 'POST', path: POSTBACK.path, body },
      headers: { [POSTBACK_SIGNATURE_HEADER]: signature },
    })
  const signature = signPostback(parts.secret, body)

  const first = await send(signature)
  tally.postbacks += 1
  player.noteEvent()
  expect.answered(`a purchase of ${player.userId} is reported`, first, 200)

  const again = await send(signature)
  tally.repeatedPostbacks += 1
  const { postbackId, eventId, duplicate } = again.body
  const { postbackId: firstId, eventId: firstEventId } = first.body
  const what = `the purchase of ${player.userId} is reported again`
  expect.same(what, { postbackId, eventId, duplicate }, firstAgain(firstId, firstEventId))

  const forged = await send(createHash('sha256').update(body).digest('hex'))
  tally.forgedPostbacks += 1
  const forgery = `somebody without the secret reports a purchase of ${player.userId}`
  expect.answered(forgery, forged, 401, 'invalid-signature')
}

const firstAgain = (postbackId: unknown, eventId: unknown) => ({
  ...{ postbackId, eventId },
  duplicate: true,
})
