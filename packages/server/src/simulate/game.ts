import type { Clock, Random } from '../platform/platform.ts'
import { arriveAsGuest, arriveWithPassword, openDeeplink } from './arrivals.ts'
import { createDice } from './dice.ts'
import { createExpectations, type Mismatch } from './expectations.ts'
import { createPlayer, type Player } from './player.ts'
import { reportPurchase } from './postbacks.ts'
import type { Identity, Table } from './seat.ts'
import { createSeededRandom } from './seeded-random.ts'
import { createTally, type Tally } from './tally.ts'
import { createWire } from './wire.ts'

export type GameParts = {
  /** Of the server, as `http://127.0.0.1:8000`. */
  readonly baseUrl: string
  readonly random: Random
  readonly clock: Pick<Clock, 'now'>
  readonly fetch: typeof globalThis.fetch
  /** Signs postbacks; without it there are none. */
  readonly afSecret?: string | undefined
}

export type GameSettings = {
  readonly guests: number
  /** Players with a username and a password. */
  readonly registered: number
  readonly turnsPerPlayer: number
  readonly deeplinks: number
  /** Players whose purchase is reported by postback. */
  readonly purchases: number
}

export type GameSummary = {
  readonly did: Readonly<Tally>
  readonly requests: number
  readonly statuses: Readonly<Record<string, number>>
  /** What was answered otherwise than it must be; empty when the server is right. */
  readonly mismatches: readonly Mismatch[]
}

export type Game = { play(): Promise<GameSummary> }

const NAMES = ['ada', 'bo', 'cleo', 'dai', 'eve', 'finn', 'gus', 'hana', 'ivo', 'jun'] as const

type Seated = { readonly table: Table; readonly player: Player }

/** A made-up game on a server whose players may earn by themselves (PLAYER_EARN). */
export function createGame(parts: GameParts, settings: GameSettings): Game {
  const shared = {
    wire: createWire(parts),
    expect: createExpectations(),
    tally: createTally(),
  }
  const tables = Array.from({ length: settings.guests + settings.registered }, (): Table => {
    const seed = parts.random.bytes(16).toString('hex')
    return { ...shared, dice: createDice(createSeededRandom(seed)) }
  })
  const dice = createDice(parts.random)

  async function arrive(table: Table, index: number): Promise<Seated[]> {
    const name = NAMES[index % NAMES.length] ?? 'zoe'
    const comes = index < settings.guests ? arriveAsGuest : arriveWithPassword
    const identity = await comes(table, name)
    return identity ? [{ table, player: createPlayer(table, identity) }] : []
  }

  async function playOne({ table, player }: Seated, index: number, all: readonly Seated[]) {
    for (let turns = 0; turns < settings.turnsPerPlayer; turns += 1) await player.turn()
    if (parts.afSecret !== undefined && index < settings.purchases) {
      const reporting = { clock: parts.clock, secret: parts.afSecret }
      await reportPurchase(table, reporting, player)
    }
    const next = all[index + 1]
    if (next) await lookAt(table, player, next.player)
    await player.settle()
  }

  return {
    async play() {
      for (let opened = 0; opened < settings.deeplinks; opened += 1) {
        await openDeeplink({ ...shared, dice })
      }
      const all = (await Promise.all(tables.map(arrive))).flat()
      await Promise.all(all.map(playOne))
      const { wire, tally, expect } = shared
      return {
        did: tally,
        requests: wire.requests(),
        statuses: wire.statuses(),
        mismatches: expect.mismatches(),
      }
    },
  }
}

/** Another player's page looks like no one's. */
async function lookAt({ wire, expect, tally }: Table, player: Identity, other: Identity) {
  const answer = await wire.send({
    ...{ method: 'GET', path: `/user/${encodeURIComponent(other.userId)}` },
    token: player.token,
  })
  tally.foreignLooks += 1
  expect.answered(`${player.userId} looks at ${other.userId}`, answer, 404, 'unknown-player')
}
