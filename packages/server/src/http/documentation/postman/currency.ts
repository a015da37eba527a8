import { BALANCE, EARN, LEDGER, LIMITS, SPEND, WALLET } from '@questline/contracts'
import type { Folder, Step } from './step.ts'

const REPLAYED = {
  'is the remembered answer': "pm.expect(header('Idempotency-Replayed')).to.equal('true')",
}
const NEW = {
  'is a new answer': "pm.expect(pm.response.headers.has('Idempotency-Replayed')).to.equal(false)",
}
const balanceIs = (balance: number) => ({
  [`leaves ${balance}`]: `pm.expect(json.balance).to.equal(${balance})`,
})
const pointsAt = (pointer: string) => ({
  'points at it': `pm.expect(json.errors[0].pointer).to.equal('${pointer}')`,
})

const earning: readonly Step[] = [
  { name: 'Earn', route: EARN, body: { amount: 500 }, checks: balanceIs(500) },
  {
    name: 'Earn with a key',
    about: 'The first attempt of a request that may be retried.',
    route: EARN,
    key: '{{run}}-earn',
    checks: { ...balanceIs(550), ...NEW },
    keep: { firstAnswer: 'pm.response.text()' },
  },
  {
    name: 'Earn with the key again',
    about: 'The retry: the same key, the same bytes. It has no second effect.',
    route: EARN,
    key: '{{run}}-earn',
    checks: {
      ...balanceIs(550),
      ...REPLAYED,
      'is byte for byte the first answer':
        "pm.expect(pm.response.text()).to.equal(pm.variables.get('firstAnswer'))",
    },
  },
  {
    name: 'Earn with the key again, under the alias',
    about: 'An alias is the same route, so it has the same keys.',
    route: EARN,
    path: '/earn/earn',
    key: '{{run}}-earn',
    checks: { ...balanceIs(550), ...REPLAYED },
  },
  {
    name: 'Earn another amount with the key',
    route: EARN,
    key: '{{run}}-earn',
    body: { amount: 51 },
    problem: 'idempotency-key-reused',
  },
  {
    name: 'Earn with an unusable key',
    route: EARN,
    key: 'two words',
    problem: 'idempotency-key-invalid',
  },
  {
    name: 'Earn another currency',
    route: EARN,
    body: { amount: 7, currency: 'gems' },
    checks: balanceIs(7),
  },
  {
    name: 'Earn as the game server',
    about: 'A server key names the player.',
    route: EARN,
    bearer: '{{serverKey}}',
    body: { amount: 50, userId: '{{userId}}' },
    checks: balanceIs(600),
  },
  {
    name: 'Earn as the game server for nobody',
    route: EARN,
    bearer: '{{serverKey}}',
    problem: 'invalid-request',
    checks: pointsAt('#/userId'),
  },
  {
    name: 'Earn as the game server for an unknown player',
    route: EARN,
    bearer: '{{serverKey}}',
    body: { userId: 'nobody_{{run}}' },
    problem: 'unknown-player',
  },
  { name: 'Earn as an operator', route: EARN, bearer: '{{operatorKey}}', problem: 'forbidden' },
  {
    name: 'Earn for another player',
    route: EARN,
    body: { userId: '{{registeredId}}' },
    problem: 'not-your-account',
  },
  {
    name: 'Earn nothing',
    route: EARN,
    body: { amount: 0 },
    problem: 'invalid-request',
    checks: pointsAt('#/amount'),
  },
  {
    name: 'Earn too much at once',
    route: EARN,
    body: { amount: LIMITS.amountMax + 1 },
    problem: 'invalid-request',
    checks: pointsAt('#/amount'),
  },
  {
    name: 'Earn a number that is text',
    route: EARN,
    body: { amount: '50' },
    problem: 'invalid-request',
    checks: pointsAt('#/amount'),
  },
  { name: 'Earn without a token', route: EARN, bearer: null, problem: 'unauthenticated' },
  {
    name: 'Earn with a token that is none',
    route: EARN,
    bearer: 'x.y.z',
    problem: 'invalid-token',
  },
  {
    name: 'Earn with half a body',
    route: EARN,
    rawBody: '{"amount": 50',
    problem: 'malformed-body',
  },
  {
    name: 'Earn with a body of another type',
    route: EARN,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    rawBody: 'amount=50',
    problem: 'unsupported-media-type',
  },
  {
    name: 'Earn with a body that is too large',
    route: EARN,
    body: { reason: '{{long}}' },
    before: [`pm.variables.set('long', 'x'.repeat(${LIMITS.currencyBodyBytesMax}))`],
    problem: 'body-too-large',
  },
  {
    name: 'Earn with another method',
    route: EARN,
    method: 'DELETE',
    problem: 'method-not-allowed',
    checks: { 'names the method that it takes': "pm.expect(header('Allow')).to.include('POST')" },
  },
]

const spending: readonly Step[] = [
  { name: 'Spend', route: SPEND, body: { amount: 100 }, checks: balanceIs(500) },
  {
    name: 'Spend as the game server, with a key',
    route: SPEND,
    bearer: '{{serverKey}}',
    key: '{{run}}-spend',
    body: { amount: 100, userId: '{{userId}}' },
    checks: { ...balanceIs(400), ...NEW },
  },
  {
    name: 'Spend as the game server, with the key again',
    route: SPEND,
    bearer: '{{serverKey}}',
    key: '{{run}}-spend',
    body: { amount: 100, userId: '{{userId}}' },
    checks: { ...balanceIs(400), ...REPLAYED },
  },
  {
    name: 'Spend more than there is',
    route: SPEND,
    key: '{{run}}-too-much',
    body: { amount: LIMITS.amountMax },
    problem: 'insufficient-funds',
    checks: NEW,
    keep: { firstAnswer: 'pm.response.text()' },
  },
  {
    name: 'Spend more than there is, with the key again',
    about: 'A refusal is an answer: it is remembered too.',
    route: SPEND,
    key: '{{run}}-too-much',
    body: { amount: LIMITS.amountMax },
    problem: 'insufficient-funds',
    checks: {
      ...REPLAYED,
      'is byte for byte the first answer':
        "pm.expect(pm.response.text()).to.equal(pm.variables.get('firstAnswer'))",
    },
  },
  {
    name: 'Spend with a field that nobody knows',
    route: SPEND,
    body: { discount: 5 },
    problem: 'invalid-request',
    checks: pointsAt('#/discount'),
  },
  { name: 'Spend without a token', route: SPEND, bearer: null, problem: 'unauthenticated' },
]

const reading: readonly Step[] = [
  { name: 'Read the balance', route: BALANCE, checks: balanceIs(400) },
  {
    name: 'Read the balance of another currency',
    route: BALANCE,
    query: [['currency', 'gems']],
    checks: balanceIs(7),
  },
  {
    name: 'Read the balance of what is no currency',
    route: BALANCE,
    query: [['currency', 'GEMS!']],
    problem: 'invalid-request',
    checks: pointsAt('#/currency'),
  },
  {
    name: 'Read the balance of two currencies',
    about: 'A parameter that stands there twice means nothing, and is not guessed at.',
    route: BALANCE,
    query: [
      ['currency', 'coins'],
      ['currency', 'gems'],
    ],
    problem: 'malformed-request',
  },
  {
    name: 'Read the balance without a token',
    route: BALANCE,
    bearer: null,
    problem: 'unauthenticated',
  },
  {
    name: 'Read the balance as a picture',
    route: BALANCE,
    headers: { Accept: 'image/png' },
    problem: 'not-acceptable',
  },
  {
    name: 'Read the wallet',
    route: WALLET,
    checks: {
      'has both currencies':
        'pm.expect(json.balances).to.have.deep.members([{ currency: "coins", balance: 400 }, { currency: "gems", balance: 7 }])',
    },
  },
  {
    name: 'Read the wallet as an operator',
    route: WALLET,
    bearer: '{{operatorKey}}',
    problem: 'forbidden',
  },
  {
    name: 'List the ledger',
    route: LEDGER,
    query: [['limit', '2']],
    checks: {
      'begins with the newest':
        "pm.expect(json.entries.map(({ type, amount, balanceAfter }) => [type, amount, balanceAfter])).to.eql([['spend', -100, 400], ['spend', -100, 500]])",
      'shows the key':
        "pm.expect(json.entries[0].key).to.equal(pm.variables.get('run') + '-spend')",
    },
    keep: { ledgerCursor: 'json.nextCursor' },
  },
  {
    name: 'List the next page of the ledger',
    route: LEDGER,
    query: [
      ['limit', '2'],
      ['cursor', '{{ledgerCursor}}'],
    ],
    checks: {
      'goes on where the page before ended':
        "pm.expect(json.entries.map(({ currency, amount }) => [currency, amount])).to.eql([['coins', 50], ['gems', 7]])",
    },
  },
  {
    name: 'List a page of none',
    route: LEDGER,
    query: [['limit', '0']],
    problem: 'invalid-request',
    checks: pointsAt('#/limit'),
  },
  {
    name: 'List from a cursor that is none',
    route: LEDGER,
    query: [['cursor', 'elsewhere']],
    problem: 'invalid-request',
    checks: pointsAt('#/cursor'),
  },
  {
    name: 'List the ledger without a token',
    route: LEDGER,
    bearer: null,
    problem: 'unauthenticated',
  },
]

export const CURRENCY: Folder = {
  name: 'Currency',
  about: 'Earn, spend, and read what came of it. Requests with a key come in pairs.',
  steps: [...earning, ...spending, ...reading],
}
