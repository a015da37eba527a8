import { type Read, shared } from '../store/store.ts'
import { receiptOf } from './dedupe-key.ts'
import { occurredAtOf, type Payload, textOf } from './read-postback.ts'

/** What is proven of a player's doings elsewhere. Texts are trimmed, and empty for none. */
export type VerifiedPostback = {
  /** Of its event in the log. */
  readonly offset: number
  /** As the log has it, milliseconds since the epoch. */
  readonly occurredAt: number
  readonly eventName: string
  readonly appsflyerId: string
  readonly customerUserId: string
  readonly revenueUsd: string
  readonly campaign: string
  /** `af_receipt_id` of the event value, else `af_order_id`. */
  readonly receiptId: string
}

/** Held in memory at once: 128 MB if each of them were as long as one may be. */
const PAGE_POSTBACKS = 500

/** Unverified ones come without their payload, so that a page is a page however many those are. */
const PAGE = shared(
  'attribution.page-of-postbacks',
  `SELECT postback_id AS "offset", received_at AS "receivedAt",
    CASE WHEN verified = 1 THEN payload END AS payload
  FROM raw_postbacks WHERE postback_id > $1 AND postback_id <= $2
  ORDER BY postback_id LIMIT $3`,
)

type Row = {
  readonly offset: number
  readonly receivedAt: number
  readonly payload: string | null
}

/** All verified postbacks up to an offset of the log, itself included, in its order, page by page. */
export async function* verifiedPostbacks(
  read: Read,
  until: number,
): AsyncGenerator<readonly VerifiedPostback[]> {
  let after = 0
  for (;;) {
    const rows = await read<Row>(PAGE, [after, until, PAGE_POSTBACKS])
    const last = rows.at(-1)
    if (!last) return
    yield rows.flatMap(toVerified)
    after = last.offset
  }
}

function toVerified({ offset, receivedAt, payload }: Row): VerifiedPostback[] {
  if (payload === null) return []
  // Only JSON objects were ever stored.
  const fields: Payload = JSON.parse(payload)
  const text = (field: string): string => textOf(fields[field]) ?? ''
  return [
    {
      offset,
      occurredAt: occurredAtOf(fields, receivedAt),
      eventName: text('event_name'),
      appsflyerId: text('appsflyer_id'),
      customerUserId: text('customer_user_id'),
      revenueUsd: text('event_revenue_usd'),
      campaign: text('campaign'),
      receiptId: receiptOf(fields) ?? '',
    },
  ]
}
