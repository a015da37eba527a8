// Currency. Entries are only ever added; a balance is the sum of its entries and never below zero.
// An entry, its balance, its event in the log and its idempotency key are one transaction.
export { createLedger, type Ledger } from './create-ledger.ts'
export type { LedgerPage, LedgerRow } from './history.ts'
export type { Entry, EntryKind, Outcome, Posting } from './posting.ts'
