import type { Identity, Table } from './seat.ts'
import type { Answer } from './wire.ts'

// How players come into the game: by a deeplink, as guests, or with a username and a password.

const CHARACTERS = ['warrior', 'mage', 'ranger'] as const
const CAMPAIGNS = ['summer_promo', 'winter_sale', 'influencer_42'] as const

export async function openDeeplink({ wire, dice, expect, tally }: Table): Promise<void> {
  const logged = { character: dice.pick(CHARACTERS), campaign: dice.pick(CAMPAIGNS) }
  const answer = await wire.send({ method: 'GET', path: `/track?${new URLSearchParams(logged)}` })
  tally.deeplinks += 1
  expect.same('a deeplink is opened', answer.body, { ok: true, logged })
}

/** A guest that comes a second time, after somebody without its secret has tried. */
export async function arriveAsGuest(table: Table, name: string): Promise<Identity | null> {
  const { wire, dice, expect, tally } = table
  const userId = `${name}_${dice.text(6)}`
  const deviceSecret = dice.text(32)
  const login = (secret: string): Promise<Answer> =>
    wire.send({ method: 'POST', path: '/login', body: { userId, deviceSecret: secret } })

  const first = await login(deviceSecret)
  tally.guests += 1
  tally.logins += 1
  if (!expect.answered(`${userId} comes as a guest`, first, 200)) return null
  if (dice.chance(0.25)) {
    const refused = await login(dice.text(32))
    tally.refusedLogins += 1
    const what = `somebody without its secret comes as ${userId}`
    expect.answered(what, refused, 401, 'invalid-credentials')
  }
  const second = await login(deviceSecret)
  tally.logins += 1
  expect.answered(`${userId} comes again`, second, 200)
  return identityOf(second)
}

/** Registers, logs in, and changes its tokens for the next pair. */
export async function arriveWithPassword(table: Table, name: string): Promise<Identity | null> {
  const { wire, dice, expect, tally } = table
  const post = (path: string, body: unknown) => wire.send({ method: 'POST', path, body })
  const credentials = { username: `${name}_${dice.text(6)}`, password: dice.text(18) }

  const registered = await post('/auth/register', credentials)
  tally.registered += 1
  if (!expect.answered(`${credentials.username} registers`, registered, 201)) return null
  const login = await post('/auth/login', credentials)
  tally.logins += 1
  if (!expect.answered(`${credentials.username} logs in`, login, 200)) return null
  const refreshed = await post('/auth/refresh', { refreshToken: login.body['refreshToken'] })
  tally.logins += 1
  expect.answered(`${credentials.username} refreshes its session`, refreshed, 200)
  return identityOf(refreshed)
}

function identityOf({ body }: Answer): Identity | null {
  const { userId, token } = body
  return typeof userId === 'string' && typeof token === 'string' ? { userId, token } : null
}
