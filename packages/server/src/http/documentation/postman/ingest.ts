import { CLIENT_FAMILIES, INGEST, INGEST_INSTALL, INGEST_PURCHASE } from '@questline/contracts'
import type { Folder, Step } from './step.ts'

const bearer = '{{ingestKey}}'
/** The key's, whichever that is. */
const ofTheKey = { app_id: undefined }
const newIds = (...names: readonly string[]): readonly string[] =>
  names.map((name) => `pm.collectionVariables.set('${name}', pm.variables.replaceIn('{{$guid}}'))`)
const statuses = (...expected: readonly string[]): string =>
  `pm.expect(json.results.map(({ status }) => status)).to.eql(${JSON.stringify(expected)})`

const { purchase, custom } = CLIENT_FAMILIES
const twoEvents = [
  { ...purchase.example, ...ofTheKey, event_id: '{{purchaseEvent}}', transaction_id: '{{run}}' },
  { ...custom.example, ...ofTheKey, event_id: '{{customEvent}}' },
]

const batches: readonly Step[] = [
  {
    name: 'Send a batch of events',
    about: 'The third has no id: it is rejected, and spoils nothing.',
    route: INGEST,
    bearer,
    headers: { 'X-Sdk': 'postman/2.1.0' },
    before: newIds('purchaseEvent', 'customEvent'),
    body: { events: [...twoEvents, { event_type: 'install' }] },
    checks: {
      'has a verdict for each event': statuses('accepted', 'accepted', 'rejected'),
      'says why': "pm.expect(json.results[2].code).to.equal('missing-event-id')",
    },
  },
  {
    name: 'Send the same batch again',
    about: 'As after an answer that never came.',
    route: INGEST,
    bearer,
    body: { events: twoEvents },
    checks: { 'counts nothing twice': statuses('duplicate', 'duplicate') },
  },
  {
    name: 'Send a batch without a key',
    route: INGEST,
    bearer: null,
    body: { events: [] },
    problem: 'unauthenticated',
  },
  {
    name: 'Send a batch with a token of a player',
    route: INGEST,
    bearer: '{{token}}',
    body: { events: [] },
    problem: 'forbidden',
  },
  {
    name: 'Send a batch in a coding that nobody knows',
    route: INGEST,
    bearer,
    headers: { 'Content-Encoding': 'compress' },
    body: { events: [] },
    problem: 'unsupported-encoding',
  },
]

const install = { ...ofTheKey, event_id: '{{installEvent}}' }
const accepted = (id: string) => ({
  'is accepted': `pm.expect(json).to.eql({ status: 'accepted', event_id: pm.variables.get('${id}') })`,
})

const alone: readonly Step[] = [
  {
    name: 'Send one install',
    route: INGEST_INSTALL,
    bearer,
    before: newIds('installEvent'),
    body: install,
    checks: accepted('installEvent'),
  },
  {
    name: 'Send the same install again',
    route: INGEST_INSTALL,
    bearer,
    body: install,
    checks: accepted('installEvent'),
  },
  {
    name: 'Send another install under the same id',
    route: INGEST_INSTALL,
    bearer,
    body: { ...install, campaign: 'another' },
    problem: 'event-id-conflict',
  },
  {
    name: 'Send an install of another app',
    route: INGEST_INSTALL,
    bearer,
    body: { event_id: '{{$guid}}', app_id: 'an.app.of.others' },
    problem: 'wrong-app',
  },
  {
    name: 'Send one purchase',
    route: INGEST_PURCHASE,
    bearer,
    before: newIds('onePurchase'),
    body: { ...ofTheKey, event_id: '{{onePurchase}}', transaction_id: '{{run}}-alone' },
    checks: accepted('onePurchase'),
  },
  {
    name: 'Send a purchase in a currency that does not exist',
    route: INGEST_PURCHASE,
    bearer,
    body: { ...ofTheKey, event_id: '{{$guid}}', currency: 'EURO' },
    problem: 'invalid-request',
    checks: { 'points at it': "pm.expect(json.errors[0].pointer).to.equal('#/currency')" },
  },
]

export const INGEST_FOLDER: Folder = {
  name: 'Ingest',
  about: 'What a game sends, with the key that it ships with: batches of events, or one at a time.',
  steps: [...batches, ...alone],
}
