import { HEALTH, LIVE, PROBLEM_PAGE, READY } from '@questline/contracts'
import type { Folder } from './step.ts'

export const OPERATIONS: Folder = {
  name: 'Operations',
  about: 'What watches the server asks this.',
  steps: [
    {
      name: 'Ask for the state of the server',
      route: HEALTH,
      checks: { 'is healthy': "pm.expect(json.status).to.equal('healthy')" },
    },
    { name: 'Ask whether the process lives', route: LIVE },
    {
      name: 'Ask whether writes are taken',
      route: READY,
      checks: { 'is ready': "pm.expect(json.status).to.equal('ready')" },
    },
    {
      name: 'Name a request',
      about: 'A name of your own comes back, and is in the log.',
      route: LIVE,
      headers: { 'X-Request-ID': '{{run}}' },
      checks: {
        'bears that name': "pm.expect(header('X-Request-ID')).to.equal(pm.variables.get('run'))",
      },
    },
    {
      name: 'Look up a problem',
      about: 'Where the `type` of every problem leads.',
      route: PROBLEM_PAGE,
      params: { code: 'insufficient-funds' },
      checks: {
        'is explained': 'pm.expect([json.status, json.retry]).to.eql([409, false])',
      },
    },
    {
      name: 'Look up a problem that does not exist',
      route: PROBLEM_PAGE,
      params: { code: 'bad-weather' },
      problem: 'not-found',
    },
    {
      name: 'Ask for a path that does not exist',
      route: LIVE,
      path: '/nothing-here',
      problem: 'not-found',
    },
    {
      name: 'Ask for the state with another method',
      route: HEALTH,
      method: 'POST',
      problem: 'method-not-allowed',
      checks: { 'names the methods that it takes': "pm.expect(header('Allow')).to.include('GET')" },
    },
  ],
}
