import type { RequestTemplate } from './request-template.ts'

/** A device that made itself a secret, as production requires: the server hashes and compares it. */
const DEVICE_SECRET = 'a-device-secret-of-43-characters-as-sdks-do'
const AT_ONCE = 32

/** Logs in guests `guest-0`, `guest-1` … and returns their tokens. */
export async function logInGuests(port: number, count: number): Promise<readonly string[]> {
  const tokens: string[] = []
  for (let from = 0; from < count; from += AT_ONCE) {
    const group = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) =>
      logIn(port, `guest-${from + i}`),
    )
    tokens.push(...(await Promise.all(group)))
  }
  return tokens
}

async function logIn(port: number, userId: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: guestBody(userId),
  })
  if (!answer.ok) throw new Error(`a guest cannot log in: ${await answer.text()}`)
  const session = (await answer.json()) as { readonly token: string }
  return session.token
}

/** `userId` as in a template: with `{player}` those of `logInGuests`. */
export const guestLogin = (userId: string, players = 1): RequestTemplate => ({
  method: 'POST',
  path: '/login',
  body: guestBody(userId),
  players,
})

const guestBody = (userId: string): string =>
  JSON.stringify({ userId, deviceSecret: DEVICE_SECRET })
