import type { Json } from './json.ts'
import { ACCOUNTS } from './postman/accounts.ts'
import { ATTRIBUTION } from './postman/attribution.ts'
import { CURRENCY } from './postman/currency.ts'
import { EVENTS } from './postman/events.ts'
import { INGEST_FOLDER } from './postman/ingest.ts'
import { KPI_FOLDER } from './postman/kpi.ts'
import { LIMITS_FOLDER } from './postman/limits.ts'
import { OPERATIONS } from './postman/operations.ts'
import { PLAYERS } from './postman/players.ts'
import { REPORTS_FOLDER } from './postman/reports.ts'
import { bearerAuth, HEADER, requestItem, script } from './postman/request.ts'
import type { Folder } from './postman/step.ts'

/** In the order of a run: what a folder needs was kept by one before it. */
export const FOLDERS: readonly Folder[] = [
  ACCOUNTS,
  CURRENCY,
  PLAYERS,
  EVENTS,
  INGEST_FOLDER,
  ATTRIBUTION,
  KPI_FOLDER,
  REPORTS_FOLDER,
  OPERATIONS,
  LIMITS_FOLDER,
]

const ABOUT = `Every route of the API, its successes and its refusals, each with assertions.

1. Start a development server: \`npm start\`. Some requests use doors that production closes.
2. Fill in the variables: \`operatorKey\`, \`serverKey\` and \`ingestKey\` from \`questline keys create\`, \`afSecret\` from the setting AF_SECRET (in development: \`postback\` in \`secrets.json\` of the data folder).
3. Send "Log in as a new guest". It makes a new player and keeps its token, which the other requests then bear.
4. The folder Reports needs \`purchases_raw.csv\`, \`confirmed_purchases.csv\`, \`costs_daily.csv\` and \`sessions.csv\` in the data folder.
5. Run the whole collection, or single requests in reading order.

A few runs a minute stay within the limit for failed logins of one address; more of them meet 429.`

/** What the requests refer to. The empty ones are filled in by you or kept by a request. */
const VARIABLES: readonly (readonly [key: string, value: string, about: string])[] = [
  ['baseUrl', 'http://127.0.0.1:8000', 'Where the server listens.'],
  ['operatorKey', '', 'questline keys create --scope operator'],
  ['serverKey', '', 'questline keys create --scope server --app default'],
  ['ingestKey', '', 'questline keys create --scope ingest --app default'],
  ['afSecret', '', 'AF_SECRET of the server.'],
  ['token', '', "Kept after login: the guest's token."],
  ['run', '', 'Random; part of every name that a run makes.'],
  ['userId', '', 'The guest of this run.'],
  ['deviceSecret', '', 'What proves that guest.'],
  ['reportRun', '', 'The newest run of the reports.'],
  ['reportDate', '', 'The day of that run.'],
]

/** The Postman collection, format v2.1: the same contracts, played through. */
export function buildPostmanCollection(): Json {
  return {
    info: {
      // Fixed, so that importing a newer one replaces the older.
      _postman_id: '5f0c2c5e-6f0d-4e55-9a57-71f3f2d3a4b1',
      name: 'Questline',
      description: ABOUT,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    auth: bearerAuth('{{token}}'),
    event: [script('test', EVERY_ANSWER)],
    variable: VARIABLES.map(([key, value, description]) => ({ key, value, description })),
    item: FOLDERS.map(({ name, about, steps }) => ({
      name,
      description: about,
      item: steps.map(requestItem),
    })),
  }
}

/** What holds for every answer, whatever it is about. */
const EVERY_ANSWER = [
  HEADER,
  "pm.test('is no fault of the server', () => { pm.expect(pm.response.code).to.be.below(500) })",
  "pm.test('names its request', () => { pm.expect(header('X-Request-ID')).to.match(/^[A-Za-z0-9_-]{1,64}$/) })",
  "pm.test('is kept in no cache', () => { pm.expect(header('Cache-Control')).to.equal('no-store') })",
  'if (pm.response.code >= 400) {',
  '  const problem = pm.response.json()',
  "  pm.test('is a problem document', () => {",
  "    pm.expect(header('Content-Type')).to.equal('application/problem+json')",
  '    pm.expect(problem.status).to.equal(pm.response.code)',
  "    pm.expect(problem.type).to.equal('/problems/' + problem.code)",
  "    pm.expect(problem.instance).to.equal('urn:request:' + problem.request_id)",
  '  })',
  "  if (pm.response.code === 401) pm.test('says how to prove oneself', () => { pm.expect(header('WWW-Authenticate')).to.match(/^Bearer/) })",
  "  if (pm.response.code === 422 && problem.errors) pm.test('points at each value at fault', () => { problem.errors.forEach(({ pointer }) => pm.expect(pointer).to.match(/^#/)) })",
  '}',
]
