import type { Store, Writer } from '../store/store.ts'
import { type LedgerPage, type PagePosition, readPage, readWallet } from './history.ts'
import { type AppendToLog, createPostWork } from './post.ts'
import type { Outcome, Posting } from './posting.ts'
import { createReadBalance } from './read-balance.ts'

export type Ledger = {
  /** Resolves once the movement, or its refusal under a key, is on disk. */
  post(posting: Posting): Promise<Outcome>
  /** 0 for a currency that never moved. A number at once where the store reads at once. */
  balance(playerId: string, currency: string): number | Promise<number>
  wallet(playerId: string): Promise<readonly { currency: string; balance: number }[]>
  page(
    playerId: string,
    page: { readonly before: PagePosition | null; readonly limit: number },
  ): Promise<LedgerPage>
}

export function createLedger(parts: {
  readonly store: Store
  readonly writer: Writer
  readonly append: AppendToLog
}): Ledger {
  const { store, writer } = parts
  const post = createPostWork(parts.append)
  return {
    post: (posting) => writer.submit(post, posting),
    balance: createReadBalance(store),
    wallet: (playerId) => readWallet(store, playerId),
    page: (playerId, page) => readPage(store, playerId, page),
  }
}
