import { Type } from 'typebox'
import { LIMITS } from '../limits.ts'
import { defineRoute, Shown, ShownInteger, Text, UserId } from '../route.ts'

const Username = Type.String({
  minLength: LIMITS.usernameCharsMin,
  maxLength: LIMITS.usernameCharsMax,
  pattern: '^[\\p{L}\\p{N}_.@+-]+$',
  format: 'text',
  description: 'Unique without regard to letter case.',
  examples: ['ada.lovelace'],
})
const Password = Text(
  LIMITS.passwordCharsMin,
  LIMITS.passwordBytesMax,
  `At least ${LIMITS.passwordCharsMin} characters and at most ${LIMITS.passwordBytesMax} bytes; the commonest are refused.`,
)
const DeviceSecret = Type.String({
  minLength: LIMITS.deviceSecretCharsMin,
  maxLength: LIMITS.deviceSecretCharsMax,
  pattern: '^[\\x21-\\x7e]+$',
  description: 'Made by the device from at least 128 random bits and kept there.',
})
const RefreshToken = Type.String({ minLength: 1, maxLength: 256, pattern: '^[A-Za-z0-9_-]+$' })

export const Session = Type.Object(
  {
    token: Type.String({ description: 'Send it as `Authorization: Bearer <token>`.' }),
    userId: Shown,
    expiresIn: Type.Integer({ description: 'Seconds until `token` ends.' }),
    refreshToken: Type.String({ description: 'Buys the next pair once, at `POST /auth/refresh`.' }),
  },
  { title: 'Session' },
)

export const LOGIN = defineRoute({
  id: 'login',
  method: 'POST',
  path: '/login',
  aliases: [],
  tag: 'Accounts',
  summary: 'Log in as a guest',
  description:
    'The first login creates the guest. A `deviceSecret` sent with that first login is needed ever after. In production a new guest must send one.',
  access: 'anyone',
  idempotent: false,
  bodyBytesMax: LIMITS.accountBodyBytesMax,
  body: Type.Object(
    { userId: UserId, deviceSecret: Type.Optional(DeviceSecret) },
    { additionalProperties: false },
  ),
  responses: { 200: Session },
  problems: [
    'invalid-credentials',
    'password-required',
    'reserved-id',
    'device-secret-unbound',
    'device-secret-required',
  ],
})

export const REGISTER = defineRoute({
  id: 'register',
  method: 'POST',
  path: '/auth/register',
  aliases: [],
  tag: 'Accounts',
  summary: 'Register with a username and a password',
  description: 'Makes a player with a random `userId`. Log in afterwards to get a token.',
  access: 'anyone',
  idempotent: false,
  bodyBytesMax: LIMITS.accountBodyBytesMax,
  body: Type.Object({ username: Username, password: Password }, { additionalProperties: false }),
  responses: {
    201: Type.Object(
      { userId: Shown, username: Shown, balance: ShownInteger },
      { title: 'Registered' },
    ),
  },
  problems: ['username-taken', 'password-too-common', 'overloaded'],
})

export const PASSWORD_LOGIN = defineRoute({
  id: 'passwordLogin',
  method: 'POST',
  path: '/auth/login',
  aliases: [],
  tag: 'Accounts',
  summary: 'Log in with a username and a password',
  description:
    'An unknown username and a wrong password look the same. After ten failures each further one on the account waits longer.',
  access: 'anyone',
  idempotent: false,
  bodyBytesMax: LIMITS.accountBodyBytesMax,
  body: Type.Object(
    {
      username: Type.String({ minLength: 1, maxLength: LIMITS.userIdCharsMax, format: 'text' }),
      password: Type.String({ minLength: 1, maxLength: LIMITS.passwordBytesMax, format: 'text' }),
    },
    { additionalProperties: false },
  ),
  responses: { 200: Session },
  problems: ['invalid-credentials', 'overloaded'],
})

export const REFRESH = defineRoute({
  id: 'refresh',
  method: 'POST',
  path: '/auth/refresh',
  aliases: [],
  tag: 'Accounts',
  summary: 'Exchange a refresh token for the next pair',
  description:
    'Each refresh token works once. Sending an old one again ends the whole session, since one of its two holders is a thief.',
  access: 'anyone',
  idempotent: false,
  bodyBytesMax: LIMITS.accountBodyBytesMax,
  body: Type.Object({ refreshToken: RefreshToken }, { additionalProperties: false }),
  responses: { 200: Session },
  problems: ['invalid-credentials'],
})

export const LOGOUT = defineRoute({
  id: 'logout',
  method: 'POST',
  path: '/auth/logout',
  aliases: [],
  tag: 'Accounts',
  summary: 'End this session',
  description: 'The token and the refresh tokens of its session stop working at once.',
  access: 'player',
  idempotent: false,
  bodyBytesMax: LIMITS.accountBodyBytesMax,
  responses: { 200: Type.Object({ ok: Type.Literal(true) }, { title: 'LoggedOut' }) },
  problems: [],
})
