/** What was done in a game, as it counts itself. */
export type Tally = {
  guests: number
  registered: number
  logins: number
  refusedLogins: number
  earns: number
  spends: number
  /** Spends of more than there was. */
  refusedSpends: number
  /** The same request again, after its answer. */
  retries: number
  /** Requests that were sent several times at once, under one key. */
  simultaneous: number
  /** Another request under a used key. */
  reusedKeys: number
  /** A look at another player. */
  foreignLooks: number
  events: number
  deeplinks: number
  postbacks: number
  repeatedPostbacks: number
  forgedPostbacks: number
  coinsEarned: number
  coinsSpent: number
}

export const createTally = (): Tally => ({
  guests: 0,
  registered: 0,
  logins: 0,
  refusedLogins: 0,
  earns: 0,
  spends: 0,
  refusedSpends: 0,
  retries: 0,
  simultaneous: 0,
  reusedKeys: 0,
  foreignLooks: 0,
  events: 0,
  deeplinks: 0,
  postbacks: 0,
  repeatedPostbacks: 0,
  forgedPostbacks: 0,
  coinsEarned: 0,
  coinsSpent: 0,
})
