export type DiscrepancyKind =
  /** The balance is not the sum of its entries. */
  | 'balance-differs'
  | 'balance-negative'
  /** Entries without the row that holds their balance. */
  | 'balance-missing'
  /** A balance without a single entry. */
  | 'entries-missing'
  /** The versions of an account's entries are not 1 … n, with n as the account says. */
  | 'version-gap'
  /** An entry's `balance_after` is not the one before it plus its amount. */
  | 'chain-broken'
  /** An entry without its event in the log. */
  | 'event-missing'
  /** The event of an entry has another type or player. */
  | 'event-differs'
  /** A movement in the log without its ledger entry. */
  | 'entry-missing'
  /** One Idempotency-Key had more than one outcome. */
  | 'key-repeated'
  | 'log-gap'
  /** Events that the head of the log does not know of: their offsets will be given again. */
  | 'log-beyond-head'
  /** The counts behind `GET /stats` are not those of the log. */
  | 'count-differs'

export type Discrepancy = {
  readonly kind: DiscrepancyKind
  readonly playerId: string | null
  readonly currency: string | null
  /** For people. */
  readonly detail: string
}

export const discrepancy = (
  kind: DiscrepancyKind,
  detail: string,
  of: { readonly playerId?: string | null; readonly currency?: string | null } = {},
): Discrepancy => ({ kind, playerId: of.playerId ?? null, currency: of.currency ?? null, detail })
