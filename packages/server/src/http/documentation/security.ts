import { type Access, POSTBACK_SIGNATURE_HEADER } from '@questline/contracts'
import type { Json } from './json.ts'

/** What can stand behind the padlock. A caller proves itself in one of these ways. */
export const SECURITY_SCHEMES: Json = {
  playerToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: '`token` of `POST /login` or `POST /auth/login`. Ends after `expiresIn` seconds.',
  },
  serverKey: {
    type: 'http',
    scheme: 'bearer',
    description:
      'A key of the game server, for one app: `questline keys create --scope server --app ID`.',
  },
  ingestKey: {
    type: 'http',
    scheme: 'bearer',
    description:
      'A key that a game ships with, for one app, good for sending events only: `questline keys create --scope ingest --app ID`.',
  },
  operatorKey: {
    type: 'http',
    scheme: 'bearer',
    description:
      'A key of the people who run the game: `questline keys create --scope operator`. With `--app ID` it sees the numbers of that app, and no reports.',
  },
  postbackSignature: {
    type: 'apiKey',
    in: 'header',
    name: POSTBACK_SIGNATURE_HEADER,
    description: 'HMAC-SHA256 of the raw body under `AF_SECRET`, as 64 hexadecimal digits.',
  },
}

const player = { playerToken: [] }
const server = { serverKey: [] }
const ingest = { ingestKey: [] }
const operator = { operatorKey: [] }
const signature = { postbackSignature: [] }
const nothing = {}

/** Each entry is one sufficient way; an empty one means that no credentials are needed. */
export const SECURITY: Readonly<Record<Access, readonly Json[]>> = {
  anyone: [],
  optional: [nothing, player, operator],
  player: [player],
  'player-or-server': [player, server],
  'player-or-operator': [player, operator],
  ingest: [ingest],
  operator: [operator],
  'operator-of-all': [operator],
  'operator-or-door': [nothing, operator],
  // A token header or the sending address can prove it too, and neither has a name known here.
  verifier: [signature, nothing],
}
