// The requests of a game's players, its server and its ad network.
import { createHmac } from 'node:crypto'
import type { Request } from './client.ts'

export type Credentials = { readonly token: string }

const request = (
  method: Request['method'],
  path: string,
  headers: Request['headers'] = {},
  body: object | null = null,
): Request => ({ method, path, headers, body: body === null ? null : JSON.stringify(body) })

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const keyed = (token: string, key: string | null) =>
  key === null ? bearer(token) : { ...bearer(token), 'idempotency-key': key }

export const earn = (token: string, key: string | null, amount: number, reason: string) =>
  request('POST', '/earn', keyed(token, key), { amount, reason })

export const spend = (token: string, key: string | null, amount: number, reason: string) =>
  request('POST', '/spend', keyed(token, key), { amount, reason })

export const adjust = (operator: string, key: string, of: AdjustBody) =>
  request('PUT', '/user/update', keyed(operator, key), of)
type AdjustBody = { readonly userId: string; readonly balance: number; readonly reason: string }

export const sendEvent = (token: string, key: string | null, meta: string) =>
  request('POST', '/event', keyed(token, key), { eventType: 'level_up', meta })

export const sendBatch = (key: string, events: readonly object[]) =>
  request('POST', '/v1/events', bearer(key), { events })

export const balance = (token: string) => request('GET', '/balance', bearer(token))
export const login = (userId: string) => request('POST', '/login', {}, { userId })
export const refresh = (refreshToken: string) =>
  request('POST', '/auth/refresh', {}, { refreshToken })
export const logout = (token: string) => request('POST', '/auth/logout', bearer(token))
export const register = (username: string) =>
  request('POST', '/auth/register', {}, { username, password: `a long password of ${username}` })
export const track = (campaign: string) => request('GET', `/track?campaign=${campaign}`)

/** `mark` is found again in the stored payload. */
export function postback(secret: string, mark: string, playerId: string): Request {
  const body = { event_name: 'purchase', customer_user_id: playerId, mark }
  const signature = createHmac('sha256', secret).update(JSON.stringify(body)).digest('hex')
  return request('POST', '/af/postback', { 'x-af-signature': signature }, body)
}
