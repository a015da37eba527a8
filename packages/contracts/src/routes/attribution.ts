import { Type } from 'typebox'
import { LIMITS } from '../limits.ts'
import { defineRoute, Shown, ShownInteger, Text } from '../route.ts'

export const TRACK = defineRoute({
  id: 'track',
  method: 'GET',
  path: '/track',
  aliases: [],
  tag: 'Attribution',
  summary: 'Log that a deeplink was opened',
  description: 'Writes a `deeplink_open` event. Limited per address.',
  access: 'anyone',
  idempotent: false,
  query: Type.Object(
    {
      character: Type.Optional(
        Text(0, LIMITS.deeplinkCharsMax, 'Which character the link promised.'),
      ),
      campaign: Type.Optional(
        Text(0, LIMITS.deeplinkCharsMax, 'Which campaign the link belongs to.'),
      ),
    },
    { additionalProperties: false },
  ),
  responses: {
    200: Type.Object(
      {
        ok: Type.Literal(true),
        logged: Type.Object({
          character: Type.Union([Shown, Type.Null()]),
          campaign: Type.Union([Shown, Type.Null()]),
        }),
      },
      { title: 'Tracked' },
    ),
  },
  problems: [],
})

/** Clients compare it. */
export const POSTBACK_STORED = 'Postback received and stored successfully'
export const POSTBACK_TEST_CALL = 'Test call received, nothing was stored'
/** Where the hexadecimal HMAC-SHA256 of a postback's raw body stands. */
export const POSTBACK_SIGNATURE_HEADER = 'X-AF-Signature'

export const POSTBACK = defineRoute({
  id: 'postback',
  method: 'POST',
  path: '/af/postback',
  aliases: ['/appsflyer/postback'],
  tag: 'Attribution',
  summary: 'Receive an AppsFlyer postback',
  description:
    'Verified over the raw bytes of the body: HMAC-SHA256 in `X-AF-Signature`, a static token header, or the sending address, as the server is set. 200 means that it is on disk. The same postback again answers 200 with `duplicate: true` and the first ids. An object without any value is taken as the test call of the provider: it is answered, with ids of 0, and not stored.',
  access: 'verifier',
  idempotent: false,
  bodyBytesMax: LIMITS.postbackBodyBytesMax,
  body: Type.Object({}, { additionalProperties: true, description: 'Any JSON object.' }),
  responses: {
    200: Type.Object(
      {
        ok: Type.Literal(true),
        postbackId: ShownInteger,
        eventId: ShownInteger,
        message: Shown,
        duplicate: Type.Optional(Type.Literal(true)),
      },
      { title: 'PostbackReceived' },
    ),
  },
  problems: ['invalid-signature'],
})
