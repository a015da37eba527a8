import { type Static, type TProperties, Type } from 'typebox'
import { LIMITS } from '../limits.ts'
import { defineRoute, Instant, Shown, ShownInteger, Text } from '../route.ts'

/** Windows of one answer, at the most: a week of minutes, a year of hours. */
export const KPI_WINDOWS_MAX = 10_080

/** What a window can say; `metric` asks for one of them. */
export const KPI_METRICS = [
  'purchases',
  'revenue_usd_micros',
  'users',
  'matches',
  'revenue_by_country',
  'matches_by_country',
  'events_by_type',
  'unconverted',
] as const
export type KpiMetric = (typeof KPI_METRICS)[number]

/** Stands for all countries, or all platforms, in whatever sums over them. */
export const KPI_ALL = '(ALL)'

/** Stands for the types of `POST /event` beyond those that have a name of their own in a day. */
export const KPI_OTHER = '(OTHER)'

const Time = (description: string) =>
  Type.Optional(
    Type.String({
      minLength: 10,
      maxLength: 40,
      format: 'client-time',
      description,
      examples: ['2026-03-01T12:00:00Z'],
    }),
  )
const filter = {
  app: Type.Optional(
    Text(1, LIMITS.appIdCharsMax, 'One app; a key that has an app sees no other.'),
  ),
  country: Type.Optional(Text(1, LIMITS.countryCharsMax, 'One country, by its code or its name.')),
  platform: Type.Optional(Text(1, LIMITS.platformCharsMax, 'One platform, in any letter case.')),
  metric: Type.Optional(
    Type.Unsafe<KpiMetric>({
      type: 'string',
      enum: KPI_METRICS,
      description: 'Only this; all when it is left out.',
    }),
  ),
}
const RangeQuery = Type.Object(
  {
    from: Time('Begins with the window that this lies in.'),
    to: Time('Windows that begin then or later are not in it; now when it is left out.'),
    ...filter,
  },
  { additionalProperties: false },
)

const ByCountry = <P extends TProperties>(amount: P) =>
  Type.Optional(Type.Array(Type.Object({ country: Shown, country_code: Shown, ...amount })))

const metrics = {
  purchases: Type.Optional(ShownInteger),
  revenue_usd_micros: Type.Optional(ShownInteger),
  users: Type.Optional(
    Type.Integer({ description: 'Distinct, counted anew for each window: never add them up.' }),
  ),
  users_missed: Type.Optional(
    Type.Integer({
      description:
        'Where events came so late that nobody knew any more who was in the window: at most so many users are missing in `users`. Left out where none is.',
    }),
  ),
  matches: Type.Optional(ShownInteger),
  revenue_by_country: ByCountry({ revenue_usd_micros: ShownInteger }),
  matches_by_country: ByCountry({ matches: ShownInteger }),
  events_by_type: Type.Optional(
    Type.Array(Type.Object({ event_type: Shown, count: ShownInteger }), {
      description:
        'The first 200 types that come through `POST /event` in a day of an app have a name of their own; the rest is `(OTHER)`.',
    }),
  ),
  unconverted: Type.Optional(
    Type.Array(Type.Object({ currency: Shown, amount_micros: ShownInteger }), {
      description: 'Purchases in currencies for which that day has no rate. Not in the revenue.',
    }),
  ),
} satisfies Record<KpiMetric | 'users_missed', unknown>

export const KpiMinute = Type.Object({ minute: Instant, ...metrics }, { title: 'KpiMinute' })
export const KpiHour = Type.Object({ hour: Instant, ...metrics }, { title: 'KpiHour' })
export const KpiDay = Type.Object(
  { day: Type.String({ description: 'The UTC day, as `2026-03-01`.' }), ...metrics },
  { title: 'KpiDay' },
)
export type KpiMinute = Static<typeof KpiMinute>
export type KpiHour = Static<typeof KpiHour>
export type KpiDay = Static<typeof KpiDay>

const about =
  'By the time when it happened, as far as the clocks of the devices can be corrected; what arrives late refines its window. Windows without events, and entries that are 0, are left out. In the order of time; countries by their figure, the greatest first, then by code; types by their count, then by name; currencies by code.'

const kpiRoute = {
  method: 'GET',
  aliases: [],
  tag: 'Live numbers',
  access: 'operator',
  idempotent: false,
  problems: [],
} as const

export const KPI_MINUTES = defineRoute({
  ...kpiRoute,
  id: 'kpiMinutes',
  path: '/v1/kpi/minutes',
  summary: 'Read the numbers of minutes',
  description: `${about} Without \`from\` the hour before \`to\`.`,
  query: RangeQuery,
  responses: {
    200: Type.Object(
      { from: Instant, to: Instant, minutes: Type.Array(KpiMinute) },
      { title: 'KpiMinutes' },
    ),
  },
})

export const KPI_HOURS = defineRoute({
  ...kpiRoute,
  id: 'kpiHours',
  path: '/v1/kpi/hours',
  summary: 'Read the numbers of hours',
  description: `${about} Without \`from\` the two days before \`to\`.`,
  query: RangeQuery,
  responses: {
    200: Type.Object(
      { from: Instant, to: Instant, hours: Type.Array(KpiHour) },
      { title: 'KpiHours' },
    ),
  },
})

export const KPI_DAYS = defineRoute({
  ...kpiRoute,
  id: 'kpiDays',
  path: '/v1/kpi/days',
  summary: 'Read the numbers of days',
  description: `${about} Days are of UTC. Without \`from\` the 31 days before \`to\`.`,
  query: RangeQuery,
  responses: {
    200: Type.Object(
      { from: Instant, to: Instant, days: Type.Array(KpiDay) },
      { title: 'KpiDays' },
    ),
  },
})

export const KPI_STREAM = defineRoute({
  ...kpiRoute,
  id: 'kpiStream',
  path: '/v1/kpi/stream',
  summary: 'Follow the numbers of minutes',
  description:
    'Server-sent events. Each `data` is a minute as `/v1/kpi/minutes` shows it, sent whole whenever it changes; its `id` is a place in the changes, and a client that comes back with it as `Last-Event-ID` gets what changed since. Without one it begins with the minutes that changed last, at most an hour of them.',
  takesMinutes: true,
  produces: ['text/event-stream'],
  query: Type.Object(filter, { additionalProperties: false }),
  responses: { 200: Type.Unknown() },
})

const Count = (description: string) => Type.Integer({ minimum: 0, description })

export const QualityMinute = Type.Object(
  {
    app: Shown,
    minute: Instant,
    received: Count('accepted + duplicates + conflicts + rejected.'),
    accepted: Count('enriched + refused + waiting.'),
    duplicates: Count('Known already: they changed nothing.'),
    conflicts: Count('Said something else than what came before under their id.'),
    rejected: Count('Refused at the door: never in the log.'),
    enriched: Count('Passed the rules of quality. Each counts once in all numbers.'),
    refused: Count('Refused by the rules of quality: in the log, and in no number.'),
    waiting: Count('Accepted, and not yet looked at.'),
  },
  { title: 'QualityMinute' },
)
export type QualityMinute = Static<typeof QualityMinute>

export const QUALITY = defineRoute({
  ...kpiRoute,
  id: 'quality',
  path: '/v1/quality',
  summary: 'Read what arrived, and what became of it',
  description:
    'By app and minute of arrival, by our clock: received = accepted + duplicates + conflicts + rejected, and accepted = enriched + refused + waiting. What was answered with `retry` is not received. Minutes in which nothing arrived are left out. Without `from` the hour before `to`.',
  query: Type.Object(
    {
      from: Time('Begins with the minute that this lies in.'),
      to: Time('Minutes that begin then or later are not in it; now when it is left out.'),
      app: filter.app,
    },
    { additionalProperties: false },
  ),
  responses: {
    200: Type.Object(
      { from: Instant, to: Instant, minutes: Type.Array(QualityMinute) },
      { title: 'Quality' },
    ),
  },
})

export const LossRow = Type.Object(
  {
    app: Shown,
    sdk: Type.Union([Shown, Type.Null()], { description: 'Name and version of the SDK.' }),
    version: Type.Union([Shown, Type.Null()], { description: 'Of the game.' }),
    sent: Type.Integer({ description: 'How many events the devices have numbered.' }),
    received: ShownInteger,
    lost: ShownInteger,
    loss_ratio: Type.Number({ description: '`lost` of `sent`, from 0 to 1.' }),
  },
  { title: 'LossRow' },
)
export type LossRow = Static<typeof LossRow>

export const LOSS = defineRoute({
  ...kpiRoute,
  id: 'loss',
  path: '/v1/loss',
  summary: 'Read how many events were lost on the way',
  description:
    'Measured, not guessed: devices number their events, and a number that never came is a loss; what arrived and was refused is none. By app, SDK and version of the game. A gap belongs to the version before it.',
  query: Type.Object({ app: filter.app }, { additionalProperties: false }),
  responses: { 200: Type.Array(LossRow, { title: 'Loss' }) },
})

/** What operators read live, in reading order. */
export const KPI_ROUTES = [KPI_MINUTES, KPI_HOURS, KPI_DAYS, KPI_STREAM, QUALITY, LOSS] as const
