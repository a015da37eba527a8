import { Type } from 'typebox'
import { LIMITS } from '../limits.ts'
import {
  Currency,
  Cursor,
  defineRoute,
  Instant,
  PageSize,
  Shown,
  ShownInteger,
  Text,
  UserId,
} from '../route.ts'

const Reason = Text(0, LIMITS.reasonCharsMax, 'Shown in the ledger.')
const Movement = Type.Object(
  {
    amount: Type.Integer({ minimum: LIMITS.amountMin, maximum: LIMITS.amountMax }),
    reason: Type.Optional(Reason),
    currency: Type.Optional(Currency),
    userId: Type.Optional(UserId),
  },
  { additionalProperties: false },
)
const Moved = Type.Object(
  { ok: Type.Literal(true), userId: Shown, amount: ShownInteger, balance: ShownInteger },
  { title: 'Moved', description: '`balance` is the balance right after this movement.' },
)
const movementProblems = [
  'not-your-account',
  'door-closed',
  'unknown-player',
  'idempotency-key-in-use',
  'idempotency-key-reused',
] as const

export const EARN = defineRoute({
  id: 'earn',
  method: 'POST',
  path: '/earn',
  aliases: ['/earn/earn'],
  tag: 'Currency',
  summary: 'Add to a balance',
  description:
    'With an `Idempotency-Key` the retry of a request has no second effect and gets the first answer again. Without one a retry earns twice. A server key must name `userId`.',
  access: 'player-or-server',
  idempotent: true,
  bodyBytesMax: LIMITS.currencyBodyBytesMax,
  body: Movement,
  responses: { 200: Moved },
  problems: [...movementProblems, 'balance-limit', 'daily-earn-limit'],
})

export const SPEND = defineRoute({
  id: 'spend',
  method: 'POST',
  path: '/spend',
  aliases: [],
  tag: 'Currency',
  summary: 'Take from a balance',
  description:
    'Too little is 409 `insufficient-funds`, remembered under the key for 24 hours: a new attempt takes a new key. A balance is never below zero.',
  access: 'player-or-server',
  idempotent: true,
  bodyBytesMax: LIMITS.currencyBodyBytesMax,
  body: Movement,
  responses: { 200: Moved },
  problems: [...movementProblems, 'insufficient-funds'],
})

export const BALANCE = defineRoute({
  id: 'balance',
  method: 'GET',
  path: '/balance',
  aliases: [],
  tag: 'Currency',
  summary: 'Read the own balance',
  description: 'Contains every movement that was answered before.',
  access: 'player',
  idempotent: false,
  query: Type.Object({ currency: Type.Optional(Currency) }, { additionalProperties: false }),
  responses: { 200: Type.Object({ userId: Shown, balance: ShownInteger }, { title: 'Balance' }) },
  problems: [],
})

export const WALLET = defineRoute({
  id: 'wallet',
  method: 'GET',
  path: '/wallet',
  aliases: [],
  tag: 'Currency',
  summary: 'Read the own balance in every currency',
  description: 'The default currency is always listed, the others once they have moved.',
  access: 'player',
  idempotent: false,
  responses: {
    200: Type.Object(
      {
        userId: Shown,
        balances: Type.Array(Type.Object({ currency: Shown, balance: ShownInteger })),
      },
      { title: 'Wallet' },
    ),
  },
  problems: [],
})

const LedgerPage = Type.Object(
  {
    entries: Type.Array(
      Type.Object(
        {
          id: Type.Integer({ description: 'The `eventId` of the same movement in the log.' }),
          type: Type.String({ examples: ['earn', 'spend', 'adjust'] }),
          currency: Shown,
          amount: Type.Integer({ description: 'Negative when it left the balance.' }),
          balanceAfter: ShownInteger,
          reason: Type.Union([Shown, Type.Null()]),
          key: Type.Union([Shown, Type.Null()], {
            description: 'The Idempotency-Key it came with.',
          }),
          ts: Instant,
        },
        { title: 'LedgerEntry' },
      ),
    ),
    nextCursor: Type.Union([Shown, Type.Null()]),
  },
  { title: 'LedgerPage' },
)
const LedgerQuery = Type.Object(
  { limit: Type.Optional(PageSize), cursor: Type.Optional(Cursor) },
  { additionalProperties: false },
)

export const LEDGER = defineRoute({
  id: 'ledger',
  method: 'GET',
  path: '/ledger',
  aliases: [],
  tag: 'Currency',
  summary: 'List the own ledger entries, newest first',
  description: 'Entries are never changed and never removed.',
  access: 'player',
  idempotent: false,
  query: LedgerQuery,
  responses: { 200: LedgerPage },
  problems: [],
})

const UserPath = Type.Object({ userId: UserId }, { additionalProperties: false })

export const USER = defineRoute({
  id: 'user',
  method: 'GET',
  path: '/user/:userId',
  aliases: [],
  tag: 'Players',
  summary: 'Read a player',
  description:
    "A player sees itself, an operator anyone. Someone else's and no one's look the same.",
  access: 'player-or-operator',
  idempotent: false,
  params: UserPath,
  responses: {
    200: Type.Object(
      { userId: Shown, username: Type.Optional(Shown), balance: ShownInteger },
      { title: 'Player' },
    ),
  },
  problems: ['unknown-player'],
})

export const USER_LEDGER = defineRoute({
  id: 'userLedger',
  method: 'GET',
  path: '/user/:userId/ledger',
  aliases: [],
  tag: 'Players',
  summary: "List a player's ledger entries, newest first",
  description: 'As `/ledger`, for the player itself or an operator.',
  access: 'player-or-operator',
  idempotent: false,
  params: UserPath,
  query: LedgerQuery,
  responses: { 200: LedgerPage },
  problems: ['unknown-player'],
})

export const USER_UPDATE = defineRoute({
  id: 'userUpdate',
  method: 'PUT',
  path: '/user/update',
  aliases: [],
  tag: 'Players',
  summary: "Correct a player's balance",
  description:
    'Writes an adjusting ledger entry; the difference is computed in the same transaction. Nothing ever overwrites a balance.',
  access: 'operator',
  idempotent: true,
  bodyBytesMax: LIMITS.currencyBodyBytesMax,
  body: Type.Object(
    {
      userId: UserId,
      balance: Type.Integer({ minimum: 0, maximum: LIMITS.balanceMax }),
      currency: Type.Optional(Currency),
      reason: Type.Optional(Reason),
    },
    { additionalProperties: false },
  ),
  responses: {
    200: Type.Object(
      { ok: Type.Literal(true), userId: Shown, balance: ShownInteger, adjustment: ShownInteger },
      { title: 'Adjusted' },
    ),
  },
  problems: ['unknown-player', 'idempotency-key-in-use', 'idempotency-key-reused'],
})
