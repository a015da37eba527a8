import { POSTBACK_STORED, POSTBACK_TEST_CALL, ProblemError } from '@questline/contracts'
import type { Logger } from '../platform/platform.ts'
import type { Writer } from '../store/store.ts'
import { dedupeKeyOf } from './dedupe-key.ts'
import { createDeeplinkWork, type DeeplinkOpen } from './deeplinks.ts'
import {
  type AppendToLog,
  createPostbackWork,
  type NewPostback,
  type StoredPostback,
} from './postbacks.ts'
import { isBlank, type Payload, readPostback } from './read-postback.ts'
import { createVerification, type Delivery, type VerifierSettings } from './verifiers.ts'

export type AttributionSettings = {
  /** The door for postbacks without any proof. They are kept apart and counted in no report. */
  readonly unsignedPostbacks: boolean
  /** All of them must hold. */
  readonly verifiers: readonly VerifierSettings[]
  /** The app that a postback's event belongs to, since a postback bears none of our keys. */
  readonly defaultApp: string
}

export type AttributionParts = {
  readonly writer: Writer
  readonly append: AppendToLog
  readonly logger?: Logger
}

export type IncomingPostback = Delivery & {
  /** The JSON object that `rawBody` is, which must be UTF-8. */
  readonly payload: object
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
}

/** Both ids are the event's offset in the log; 0 for a test call, of which nothing is stored. */
export type ReceivedPostback = {
  readonly ok: true
  readonly postbackId: number
  readonly eventId: number
  readonly message: string
  readonly duplicate?: true
}

export type Attribution = {
  /**
   * Whether the delivery is proven; false where the door for unsigned ones lets it in. Needs only
   * the raw bytes, so it can be asked before they are parsed.
   * @throws ProblemError `invalid-signature`
   */
  verify(delivery: Delivery): boolean
  /**
   * Verifies and stores a postback. Resolves once it is on disk.
   * @throws ProblemError `invalid-signature`, or `invalid-request` for an unusable player id
   */
  receive(postback: IncomingPostback): Promise<ReceivedPostback>
  /** Logs that somebody opened a deeplink. Resolves once it is on disk. */
  deeplink(open: DeeplinkOpen): Promise<void>
}

/** The one provider whose fields we read. */
const SOURCE = 'appsflyer'

/** @throws Error when a verifier of `settings` proves nothing */
export function createAttribution(
  parts: AttributionParts,
  settings: AttributionSettings,
): Attribution {
  const { writer, logger } = parts
  const postbacks = createPostbackWork(parts.append)
  const deeplinks = createDeeplinkWork(parts.append)
  const decide = createVerification(settings.verifiers)
  const toNewPostback = createReader(settings)

  const verify = (delivery: Delivery): boolean => {
    const verdict = decide(delivery)
    if (verdict === 'verified') return true
    if (verdict === 'absent' && settings.unsignedPostbacks) return false
    logger?.warn({ verdict, address: delivery.address }, 'a postback was refused')
    throw new ProblemError('invalid-signature')
  }

  return {
    verify,
    async receive(postback) {
      const verified = verify(postback)
      if (isBlank(payloadOf(postback))) return TEST_CALL
      const stored = await writer.submit(postbacks, toNewPostback(postback, verified))
      if (!verified) logger?.warn({ postback_id: stored.id }, 'a postback without proof was stored')
      return answer(stored)
    },
    async deeplink(open) {
      await writer.submit(deeplinks, open)
    },
  }
}

/** A provider tries an address with a call of its own, and wants a 2xx. */
const TEST_CALL: ReceivedPostback = {
  ok: true,
  postbackId: 0,
  eventId: 0,
  message: POSTBACK_TEST_CALL,
}

const answer = ({ id, duplicate }: StoredPostback): ReceivedPostback => ({
  ok: true,
  postbackId: id,
  eventId: id,
  message: POSTBACK_STORED,
  ...(duplicate ? { duplicate } : {}),
})

const payloadOf = ({ payload }: IncomingPostback): Payload => payload as Payload

function createReader({ verifiers, defaultApp }: AttributionSettings) {
  // A signature may be kept for audit. A token is a secret and is not.
  const signed = verifiers.find((verifier) => verifier.kind === 'hmac')
  return (postback: IncomingPostback, verified: boolean): NewPostback => {
    const { rawBody, receivedAt } = postback
    const fields = payloadOf(postback)
    const payload = Buffer.from(rawBody.buffer, rawBody.byteOffset, rawBody.length).toString('utf8')
    return {
      source: SOURCE,
      payload,
      signature: (signed && postback.header(signed.header.toLowerCase())[0]) ?? null,
      verified,
      dedupeKey: dedupeKeyOf(rawBody, fields),
      event: {
        app: defaultApp,
        ...readPostback(fields, receivedAt),
        receivedAt,
        payload,
      },
    }
  }
}
