import {
  BALANCE,
  LIMITS,
  LOGIN,
  LOGOUT,
  PASSWORD_LOGIN,
  REFRESH,
  REGISTER,
} from '@questline/contracts'
import type { Folder } from './step.ts'

const guest = { userId: '{{userId}}', deviceSecret: '{{deviceSecret}}' }
const registered = { username: '{{username}}', password: '{{password}}' }

export const ACCOUNTS: Folder = {
  name: 'Accounts',
  about: 'Guests, registered players and their sessions. Run the first request before all others.',
  steps: [
    {
      name: 'Log in as a new guest',
      about: 'Begins a run: makes names that nobody has, logs in, keeps the token.',
      route: LOGIN,
      body: guest,
      before: [
        "const random = () => pm.variables.replaceIn('{{$guid}}').replaceAll('-', '')",
        'const run = random()',
        "pm.collectionVariables.set('run', run)",
        "pm.collectionVariables.set('userId', 'player_' + run)",
        "pm.collectionVariables.set('deviceSecret', random() + random())",
        "pm.collectionVariables.set('username', 'Ada.' + run)",
        "pm.collectionVariables.set('password', run + ' weaves numbers')",
      ],
      checks: {
        'is the guest who asked': "pm.expect(json.userId).to.equal(pm.variables.get('userId'))",
        'tells when the token ends': 'pm.expect(json.expiresIn).to.be.above(0)',
      },
      keep: { token: 'json.token' },
    },
    {
      name: 'Log in again from the same device',
      route: LOGIN,
      body: guest,
      checks: {
        'is the same guest': "pm.expect(json.userId).to.equal(pm.variables.get('userId'))",
      },
      keep: { sessionToken: 'json.token' },
    },
    {
      name: 'Log in with the secret of another device',
      route: LOGIN,
      body: { userId: '{{userId}}', deviceSecret: '{{run}}{{run}}' },
      problem: 'invalid-credentials',
    },
    {
      name: 'Log in under a reserved name',
      about: 'Names that begin with `p_` belong to registered players.',
      route: LOGIN,
      body: { userId: 'p_{{run}}', deviceSecret: undefined },
      problem: 'reserved-id',
    },
    {
      name: 'Log in with markup as a name',
      route: LOGIN,
      body: { userId: '<b>{{run}}</b>' },
      problem: 'invalid-request',
      checks: { 'points at it': "pm.expect(json.errors[0].pointer).to.equal('#/userId')" },
    },
    {
      name: 'Log in without a name',
      route: LOGIN,
      body: { userId: undefined },
      problem: 'invalid-request',
      checks: { 'points at it': "pm.expect(json.errors[0].pointer).to.equal('#/userId')" },
    },
    {
      name: 'Log in with a field that nobody knows',
      route: LOGIN,
      body: { ...guest, admin: true },
      problem: 'invalid-request',
      checks: { 'points at it': "pm.expect(json.errors[0].pointer).to.equal('#/admin')" },
    },
    {
      name: 'Log in with half a body',
      route: LOGIN,
      rawBody: '{"userId": "{{userId}}"',
      problem: 'malformed-body',
    },
    {
      name: 'Log in with a body of another type',
      route: LOGIN,
      headers: { 'Content-Type': 'text/plain' },
      rawBody: 'userId={{userId}}',
      problem: 'unsupported-media-type',
    },
    {
      name: 'Log in with a body that is too large',
      route: LOGIN,
      body: { userId: '{{long}}' },
      before: [`pm.variables.set('long', 'x'.repeat(${LIMITS.accountBodyBytesMax}))`],
      problem: 'body-too-large',
    },
    {
      name: 'Log in with another method',
      route: LOGIN,
      method: 'PUT',
      problem: 'method-not-allowed',
      checks: { 'names the method that it takes': "pm.expect(header('Allow')).to.include('POST')" },
    },
    {
      name: 'Register',
      route: REGISTER,
      body: registered,
      checks: { 'begins with nothing': 'pm.expect(json.balance).to.equal(0)' },
      keep: { registeredId: 'json.userId' },
    },
    {
      name: 'Register the same name in capital letters',
      route: REGISTER,
      body: { ...registered, username: 'ADA.{{run}}' },
      problem: 'username-taken',
    },
    {
      name: 'Register with a password that everybody has',
      route: REGISTER,
      body: { username: 'Bob.{{run}}', password: 'password123' },
      problem: 'password-too-common',
    },
    {
      name: 'Log in with the password',
      route: PASSWORD_LOGIN,
      body: registered,
      checks: {
        'is the registered player':
          "pm.expect(json.userId).to.equal(pm.variables.get('registeredId'))",
      },
      keep: { usedRefreshToken: 'json.refreshToken' },
    },
    {
      name: 'Log in with a wrong password',
      route: PASSWORD_LOGIN,
      body: { ...registered, password: 'not this one' },
      problem: 'invalid-credentials',
    },
    {
      name: 'Log in as a guest under a registered name',
      route: LOGIN,
      body: { userId: '{{registeredId}}', deviceSecret: undefined },
      problem: 'password-required',
    },
    {
      name: 'Refresh the session',
      route: REFRESH,
      body: { refreshToken: '{{usedRefreshToken}}' },
      checks: {
        'gives another refresh token':
          "pm.expect(json.refreshToken).not.to.equal(pm.variables.get('usedRefreshToken'))",
      },
      keep: { nextRefreshToken: 'json.refreshToken' },
    },
    {
      name: 'Refresh with a token that was used',
      about: 'One of its two holders is a thief, so the whole session ends.',
      route: REFRESH,
      body: { refreshToken: '{{usedRefreshToken}}' },
      problem: 'invalid-credentials',
    },
    {
      name: 'Refresh with the token that came after it',
      route: REFRESH,
      body: { refreshToken: '{{nextRefreshToken}}' },
      problem: 'invalid-credentials',
    },
    {
      name: 'Log in with the password again',
      route: PASSWORD_LOGIN,
      body: registered,
      keep: { registeredToken: 'json.token' },
    },
    { name: 'Log out', route: LOGOUT, bearer: '{{sessionToken}}' },
    {
      name: 'Read with the token of a session that ended',
      route: BALANCE,
      bearer: '{{sessionToken}}',
      problem: 'invalid-token',
    },
    { name: 'Log out without a token', route: LOGOUT, bearer: null, problem: 'unauthenticated' },
  ],
}
