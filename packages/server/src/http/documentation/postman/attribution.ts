import {
  LIMITS,
  POSTBACK,
  POSTBACK_SIGNATURE_HEADER,
  POSTBACK_STORED,
  TRACK,
} from '@questline/contracts'
import type { Folder, Step } from './step.ts'

/** Signs the bytes that are sent: the body with its variables filled in. */
const SIGN = [
  'const body = pm.variables.replaceIn(pm.request.body.raw)',
  "const signature = CryptoJS.HmacSHA256(body, pm.variables.get('afSecret')).toString()",
  `pm.request.headers.upsert({ key: '${POSTBACK_SIGNATURE_HEADER}', value: signature })`,
]
const ofThisRun = { appsflyer_id: '{{run}}', customer_user_id: '{{userId}}' }
const signed = (headers: string): Pick<Step, 'headers'> => ({
  headers: { [POSTBACK_SIGNATURE_HEADER]: headers },
})
const stored = {
  'is stored': `pm.expect(json.message).to.equal('${POSTBACK_STORED}')`,
  'is new': "pm.expect(json).not.to.have.property('duplicate')",
}
const first = {
  'has the first ids':
    "pm.expect([json.postbackId, json.eventId].join()).to.equal(pm.variables.get('postbackIds'))",
}

const opening: readonly Step[] = [
  {
    name: 'Open a deeplink',
    route: TRACK,
    query: [
      ['character', 'ada'],
      ['campaign', 'spring_launch'],
    ],
    checks: {
      'tells what was logged':
        "pm.expect(json.logged).to.eql({ character: 'ada', campaign: 'spring_launch' })",
    },
  },
  {
    name: 'Open a deeplink that says nothing',
    route: TRACK,
    checks: {
      'logs nothing of it': 'pm.expect(json.logged).to.eql({ character: null, campaign: null })',
    },
  },
  {
    name: 'Open a deeplink that says too much',
    route: TRACK,
    query: [['campaign', '{{long}}']],
    before: [`pm.variables.set('long', 'x'.repeat(${LIMITS.deeplinkCharsMax + 1}))`],
    problem: 'invalid-request',
    checks: { 'points at it': "pm.expect(json.errors[0].pointer).to.equal('#/campaign')" },
  },
]

const receiving: readonly Step[] = [
  {
    name: 'Receive a signed postback',
    about: 'The script before it signs the body with `afSecret`.',
    route: POSTBACK,
    body: ofThisRun,
    before: SIGN,
    checks: stored,
    keep: { postbackIds: '[json.postbackId, json.eventId].join()' },
  },
  {
    name: 'Receive the same postback again',
    route: POSTBACK,
    body: ofThisRun,
    before: SIGN,
    checks: { 'is a duplicate': 'pm.expect(json.duplicate).to.equal(true)', ...first },
  },
  {
    name: 'Receive the same postback again, under the alias',
    route: POSTBACK,
    path: '/appsflyer/postback',
    body: ofThisRun,
    before: SIGN,
    checks: { 'is a duplicate': 'pm.expect(json.duplicate).to.equal(true)', ...first },
  },
  {
    name: 'Receive another postback',
    route: POSTBACK,
    body: { ...ofThisRun, event_name: 'install', event_revenue_usd: undefined },
    before: SIGN,
    checks: stored,
  },
  {
    name: 'Receive a postback with a wrong signature',
    route: POSTBACK,
    body: ofThisRun,
    ...signed('0'.repeat(64)),
    problem: 'invalid-signature',
  },
  {
    name: 'Receive a postback that was changed on its way',
    route: POSTBACK,
    body: ofThisRun,
    before: [...SIGN, "pm.request.body.raw = body.replace('4.99', '499')"],
    problem: 'invalid-signature',
  },
  {
    name: 'Receive a postback with an empty signature',
    route: POSTBACK,
    body: ofThisRun,
    ...signed('none'),
    problem: 'invalid-signature',
  },
  {
    name: 'Receive a postback without a signature',
    about: 'A door of development servers: stored apart, and counted in no report.',
    route: POSTBACK,
    body: ofThisRun,
    checks: stored,
  },
  {
    name: 'Receive a list instead of a postback',
    route: POSTBACK,
    rawBody: '[]',
    before: SIGN,
    problem: 'invalid-request',
  },
  {
    name: 'Receive half a postback',
    route: POSTBACK,
    rawBody: '{"event_name": "install"',
    before: SIGN,
    problem: 'malformed-body',
  },
  {
    name: 'Receive a postback that is too large',
    route: POSTBACK,
    body: { padding: '{{long}}' },
    before: [`pm.variables.set('long', 'x'.repeat(${LIMITS.postbackBodyBytesMax}))`, ...SIGN],
    problem: 'body-too-large',
  },
]

export const ATTRIBUTION: Folder = {
  name: 'Attribution',
  about: 'Deeplinks that were opened, postbacks that AppsFlyer sends.',
  steps: [...opening, ...receiving],
}
