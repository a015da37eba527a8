import { EVENT, LIMITS, EVENTS as LIST, STATS } from '@questline/contracts'
import type { Folder, Step } from './step.ts'

const pointsAt = (pointer: string) => ({
  'points at it': `pm.expect(json.errors[0].pointer).to.equal('${pointer}')`,
})

const logging: readonly Step[] = [
  {
    name: 'Log an event with a key',
    route: EVENT,
    key: '{{run}}-event',
    keep: { firstAnswer: 'pm.response.text()' },
  },
  {
    name: 'Log the event with the key again',
    route: EVENT,
    key: '{{run}}-event',
    checks: {
      'is the remembered answer': "pm.expect(header('Idempotency-Replayed')).to.equal('true')",
      'is the same event':
        "pm.expect(pm.response.text()).to.equal(pm.variables.get('firstAnswer'))",
    },
  },
  {
    name: 'Log another event with the key',
    route: EVENT,
    key: '{{run}}-event',
    body: { eventType: 'level_start' },
    problem: 'idempotency-key-reused',
  },
  {
    name: 'Log an event under the alias, with the other name of its time',
    route: EVENT,
    path: '/event/create',
    body: { timestampUtc: undefined, tsUtc: '2024-03-01T12:00:05+02:00' },
  },
  {
    name: 'Log an event as the game server',
    route: EVENT,
    bearer: '{{serverKey}}',
    body: { eventType: 'match_end', userId: '{{userId}}' },
  },
  {
    name: 'Log an event of an unknown player as the game server',
    route: EVENT,
    bearer: '{{serverKey}}',
    body: { userId: 'nobody_{{run}}' },
    problem: 'unknown-player',
  },
  {
    name: 'Log an event that only the server writes',
    route: EVENT,
    body: { eventType: 'earn' },
    problem: 'reserved-event-type',
  },
  {
    name: 'Log an event without a type',
    route: EVENT,
    body: { eventType: undefined },
    problem: 'invalid-request',
    checks: pointsAt('#/eventType'),
  },
  {
    name: 'Log an event on a day that never was',
    route: EVENT,
    body: { timestampUtc: '2024-02-30T12:00:00Z' },
    problem: 'invalid-request',
    checks: pointsAt('#/timestampUtc'),
  },
  {
    name: 'Log an event with too much to say',
    route: EVENT,
    body: { meta: '{{long}}' },
    before: [`pm.variables.set('long', 'x'.repeat(${LIMITS.metaCharsMax + 1}))`],
    problem: 'invalid-request',
    checks: pointsAt('#/meta'),
  },
  {
    name: 'Log an event with a body that is too large',
    route: EVENT,
    body: { meta: '{{long}}' },
    before: [`pm.variables.set('long', 'x'.repeat(${LIMITS.eventBodyBytesMax}))`],
    problem: 'body-too-large',
  },
  { name: 'Log an event without a token', route: EVENT, bearer: null, problem: 'unauthenticated' },
]

const listing: readonly Step[] = [
  {
    name: 'List the own events',
    about: "The client's own, and those that the server wrote of its own routes.",
    route: LIST,
    checks: {
      'has each kind':
        "pm.expect(json.events.map(({ type }) => type)).to.include.members(['level_complete', 'match_end', 'earn', 'spend', 'adjust'])",
      'has all on one page':
        'pm.expect([json.hasMore, json.total]).to.eql([false, json.events.length])',
    },
  },
  {
    name: 'List events of one type',
    route: LIST,
    query: [
      ['event_type', 'level_complete'],
      ['limit', '1'],
    ],
    checks: {
      'has one of two':
        'pm.expect([json.events.length, json.total, json.hasMore]).to.eql([1, 2, true])',
      'has what was logged': 'pm.expect(json.events[0].meta).to.equal(\'{"level":3,"stars":2}\')',
    },
    keep: { eventCursor: 'json.nextCursor' },
  },
  {
    name: 'List the next page of them',
    route: LIST,
    query: [
      ['event_type', 'level_complete'],
      ['limit', '1'],
      ['cursor', '{{eventCursor}}'],
    ],
    checks: {
      'has the other':
        'pm.expect([json.events.length, json.hasMore, json.nextCursor]).to.eql([1, false, null])',
    },
  },
  {
    name: 'List the events of a day, under the alias',
    route: LIST,
    path: '/event/events',
    query: [
      ['start_time', '2024-03-01T00:00:00Z'],
      ['end_time', '2024-03-02T00:00:00Z'],
    ],
    checks: { 'has three': 'pm.expect(json.events).to.have.lengthOf(3)' },
  },
  {
    name: 'List events from later to earlier',
    route: LIST,
    query: [
      ['start_time', '2024-03-02T00:00:00Z'],
      ['end_time', '2024-03-01T00:00:00Z'],
    ],
    problem: 'invalid-request',
    checks: pointsAt('#/end_time'),
  },
  {
    name: 'List too many events at once',
    route: LIST,
    query: [['limit', String(LIMITS.pageSizeMax + 1)]],
    problem: 'invalid-request',
    checks: pointsAt('#/limit'),
  },
  { name: 'List events without a token', route: LIST, bearer: null, problem: 'unauthenticated' },
]

const counting: readonly Step[] = [
  {
    name: 'Count the own events',
    route: STATS,
    checks: {
      'counts each type':
        "pm.expect(json.stats).to.deep.include({ eventType: 'level_complete', count: 2 })",
    },
  },
  {
    name: "Count another player's events",
    route: STATS,
    query: [['uid', '{{registeredId}}']],
    problem: 'unknown-player',
  },
  {
    name: "Count a player's events as an operator",
    route: STATS,
    bearer: '{{operatorKey}}',
    query: [
      ['uid', '{{userId}}'],
      ['event_type', 'spend'],
    ],
    checks: {
      'counts them': "pm.expect(json.stats).to.eql([{ eventType: 'spend', count: 2 }])",
    },
  },
  {
    name: "Count everybody's events as an operator, under the alias",
    route: STATS,
    path: '/event/stats',
    bearer: '{{operatorKey}}',
    checks: { 'counts some': 'pm.expect(json.total).to.be.above(0)' },
  },
  {
    name: "Count everybody's events without a token",
    about: 'A door of development servers; production asks for an operator key.',
    route: STATS,
    bearer: null,
    checks: { 'counts some': 'pm.expect(json.total).to.be.above(0)' },
  },
  {
    name: "Count a player's events without a token",
    route: STATS,
    bearer: null,
    query: [['uid', '{{userId}}']],
    problem: 'unauthenticated',
  },
  {
    name: 'Count events as the game server',
    route: STATS,
    bearer: '{{serverKey}}',
    problem: 'forbidden',
  },
]

export const EVENTS: Folder = {
  name: 'Events',
  about: 'Log what a player did, list it, count it.',
  steps: [...logging, ...listing, ...counting],
}
