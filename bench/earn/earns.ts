import type { RequestTemplate } from '../harness/harness.ts'
import { type Lab, type LoadResult, logInGuests, type Server } from '../harness/harness.ts'

export const CONNECTIONS = 64
/** One per connection. */
export const PLAYERS = 64

/** An earn as a game's client sends it: its own player, a small amount, a key of its own. */
export const earnOf = (tokens: readonly string[], key: '{uuid7}' | '{uuid4}'): RequestTemplate => ({
  method: 'POST',
  path: '/earn',
  body: '{"amount":1,"reason":"level_complete"}',
  headers: [`idempotency-key: ${key}`],
  tokens,
})

/** They follow the log on threads of their own: on the server's one core here, unless they are off. */
const CONSUMERS_OFF = { CONSUMERS: 'off' }
export const CONSUMERS_ON = { CONSUMERS: 'on' }

/** A server that has earned for a while already, and how to let it earn at full load. */
export async function startEarning(
  lab: Lab,
  name: string,
  settings: Readonly<Record<string, string>> = {},
  under: readonly string[] = [],
) {
  const server = await lab.startServer(name, { ...CONSUMERS_OFF, ...settings }, under)
  const tokens = await logInGuests(server.port, PLAYERS)
  await lab.warmUp(server, earnOf(tokens, '{uuid7}'), CONNECTIONS)
  return {
    server,
    tokens,
    earn: (load: string, key: '{uuid7}' | '{uuid4}' = '{uuid7}', players = tokens) =>
      lab.load(load, server, earnOf(players, key), { connections: CONNECTIONS }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

export type Earning = Awaited<ReturnType<typeof startEarning>>

/** Counts the commits of each load that it plays. */
export function countingCommits(server: Server) {
  const perThousand: number[] = []
  return {
    perThousand: perThousand as readonly number[],
    async during(play: () => Promise<LoadResult>): Promise<LoadResult> {
      const before = await server.commits()
      const result = await play()
      const after = await server.commits()
      const writes = after.writes - before.writes
      perThousand.push(((after.commits - before.commits) * 1_000) / writes)
      return result
    },
  }
}
