import { Type } from 'typebox'
import { PROBLEMS } from '../problems.ts'
import { defineRoute, Instant, Shown, ShownInteger } from '../route.ts'

const Health = Type.Object(
  {
    status: Type.Union([Type.Literal('healthy'), Type.Literal('unhealthy')]),
    version: Shown,
    environment: Shown,
    timestamp: Instant,
    database: Type.Object({
      status: Type.Union([Type.Literal('connected'), Type.Literal('disconnected')]),
      type: Shown,
      tables: Type.Union([Type.Literal('accessible'), Type.Literal('inaccessible')]),
    }),
    checks: Type.Optional(
      Type.Object(
        { users: ShownInteger, events: ShownInteger },
        { description: 'Cached counters; in production for operators only.' },
      ),
    ),
    consumers: Type.Optional(
      Type.Array(
        Type.Object({
          name: Shown,
          offset: Type.Integer({ description: 'The last one of the log that it has seen.' }),
          lag: Type.Integer({
            minimum: 0,
            description: 'How many are behind that. The lake gathers events before it writes them.',
          }),
        }),
        { description: 'What reads the log, and how far each is; shown as checks are.' },
      ),
    ),
    alarms: Type.Optional(
      Type.Array(Shown, {
        description: 'What somebody should look at, while the server goes on; shown as checks are.',
      }),
    ),
  },
  { title: 'Health' },
)

export const HEALTH = defineRoute({
  id: 'health',
  method: 'GET',
  path: '/health',
  aliases: [],
  tag: 'Operations',
  summary: 'State of the server and its database',
  description: '200 when healthy, 503 with the same body when not.',
  access: 'anyone',
  idempotent: false,
  responses: { 200: Health, 503: Health },
  problems: [],
})

export const LIVE = defineRoute({
  id: 'live',
  method: 'GET',
  path: '/health/live',
  aliases: [],
  tag: 'Operations',
  summary: 'Whether the process answers',
  description: 'Touches no database. Restart the process when this fails.',
  access: 'anyone',
  idempotent: false,
  responses: { 200: Type.Object({ status: Type.Literal('alive') }, { title: 'Alive' }) },
  problems: [],
})

const Ready = Type.Object(
  {
    status: Type.Union([Type.Literal('ready'), Type.Literal('not-ready')]),
    reason: Type.Optional(Shown),
  },
  { title: 'Ready' },
)

export const READY = defineRoute({
  id: 'ready',
  method: 'GET',
  path: '/health/ready',
  aliases: [],
  tag: 'Operations',
  summary: 'Whether the server can take writes',
  description: 'Send traffic while this is 200. 503 names the reason.',
  access: 'anyone',
  idempotent: false,
  responses: { 200: Ready, 503: Ready },
  problems: [],
})

export const PROBLEM_PAGE = defineRoute({
  id: 'problem',
  method: 'GET',
  path: '/problems/:code',
  aliases: [],
  tag: 'Operations',
  summary: 'Explain a problem code',
  description: 'Where `type` of every problem document leads.',
  access: 'anyone',
  idempotent: false,
  params: Type.Object(
    { code: Type.String({ maxLength: 64, examples: [Object.keys(PROBLEMS)[0]] }) },
    { additionalProperties: false },
  ),
  responses: {
    200: Type.Object(
      { code: Shown, status: ShownInteger, title: Shown, retry: Type.Boolean() },
      { title: 'ProblemExplained' },
    ),
  },
  problems: ['not-found'],
})
