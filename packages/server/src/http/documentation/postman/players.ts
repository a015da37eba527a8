import { USER, USER_LEDGER, USER_UPDATE } from '@questline/contracts'
import type { Folder } from './step.ts'

const own = { userId: '{{userId}}' }
const others = { userId: '{{registeredId}}' }
const nobodys = { userId: 'nobody_{{run}}' }

export const PLAYERS: Folder = {
  name: 'Players',
  about: 'A player sees itself, an operator sees everybody, and corrects balances.',
  steps: [
    {
      name: 'Read oneself',
      route: USER,
      params: own,
      checks: { 'has the balance': 'pm.expect(json.balance).to.equal(400)' },
    },
    {
      name: 'Read a registered player as an operator',
      route: USER,
      params: others,
      bearer: '{{operatorKey}}',
      checks: {
        'has a username': "pm.expect(json.username).to.equal(pm.variables.get('username'))",
      },
    },
    {
      name: 'Read another player',
      about: "Someone else's and no one's look the same.",
      route: USER,
      params: others,
      problem: 'unknown-player',
    },
    { name: 'Read nobody', route: USER, params: nobodys, problem: 'unknown-player' },
    {
      name: 'Read nobody as an operator',
      route: USER,
      params: nobodys,
      bearer: '{{operatorKey}}',
      problem: 'unknown-player',
    },
    {
      name: 'Read a player as the game server',
      route: USER,
      params: own,
      bearer: '{{serverKey}}',
      problem: 'forbidden',
    },
    {
      name: 'Read a player without a token',
      route: USER,
      params: own,
      bearer: null,
      problem: 'unauthenticated',
    },
    {
      name: 'List the own ledger by name',
      route: USER_LEDGER,
      params: own,
      query: [['limit', '1']],
      checks: { 'has one entry': 'pm.expect(json.entries).to.have.lengthOf(1)' },
    },
    {
      name: "List a player's ledger as an operator",
      route: USER_LEDGER,
      params: own,
      bearer: '{{operatorKey}}',
      checks: {
        'has every movement': 'pm.expect(json.entries).to.have.lengthOf(6)',
        'adds up to the balance':
          "pm.expect(json.entries.filter(({ currency }) => currency === 'coins').reduce((sum, { amount }) => sum + amount, 0)).to.equal(400)",
      },
    },
    {
      name: "List another player's ledger",
      route: USER_LEDGER,
      params: others,
      problem: 'unknown-player',
    },
    {
      name: 'Correct a balance',
      about: 'The difference becomes an entry of the ledger; no balance is overwritten.',
      route: USER_UPDATE,
      bearer: '{{operatorKey}}',
      key: '{{run}}-correction',
      body: { ...own, balance: 1_000 },
      checks: {
        'tells the difference': 'pm.expect([json.balance, json.adjustment]).to.eql([1000, 600])',
      },
    },
    {
      name: 'Correct a balance, with the key again',
      route: USER_UPDATE,
      bearer: '{{operatorKey}}',
      key: '{{run}}-correction',
      body: { ...own, balance: 1_000 },
      checks: {
        'is the remembered answer': "pm.expect(header('Idempotency-Replayed')).to.equal('true')",
        'tells the same difference': 'pm.expect(json.adjustment).to.equal(600)',
      },
    },
    {
      name: 'Correct another balance with the key',
      route: USER_UPDATE,
      bearer: '{{operatorKey}}',
      key: '{{run}}-correction',
      body: { ...own, balance: 1_001 },
      problem: 'idempotency-key-reused',
    },
    {
      name: 'Correct the own balance as a player',
      route: USER_UPDATE,
      body: own,
      problem: 'forbidden',
    },
    {
      name: 'Correct a balance without a key of an operator',
      route: USER_UPDATE,
      bearer: null,
      body: own,
      problem: 'unauthenticated',
    },
    {
      name: 'Correct the balance of nobody',
      route: USER_UPDATE,
      bearer: '{{operatorKey}}',
      body: nobodys,
      problem: 'unknown-player',
    },
    {
      name: 'Correct a balance to less than nothing',
      route: USER_UPDATE,
      bearer: '{{operatorKey}}',
      body: { ...own, balance: -1 },
      problem: 'invalid-request',
      checks: { 'points at it': "pm.expect(json.errors[0].pointer).to.equal('#/balance')" },
    },
  ],
}
