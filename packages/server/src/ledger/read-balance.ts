import { gather, type Store } from '../store/store.ts'
import { BALANCE } from './statements.ts'

type Row = { readonly balance: number }

/** Reads a balance: at once where the store can, else together with all that are asked for in this turn. */
export function createReadBalance({
  readNow,
  readEach,
}: Store): (playerId: string, currency: string) => number | Promise<number> {
  if (readNow !== null) {
    return (playerId, currency) => readNow<Row>(BALANCE, [playerId, currency])[0]?.balance ?? 0
  }
  const ask = gather((accounts: readonly (readonly [string, string])[]) =>
    readEach<Row>(BALANCE, accounts),
  )
  return async (playerId, currency) => (await ask([playerId, currency])).balance
}
