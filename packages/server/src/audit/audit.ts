// Whether the books are right: balances, entries, log, keys and counts against each other.
// It only reads, never repairs: what it finds is a fault of ours or of a hand that bypassed us.
// Consistent beside a running server, and in bounded memory whatever the size of the books.
export { type Audit, type AuditReport, createAudit } from './create-audit.ts'
export type { Discrepancy, DiscrepancyKind } from './findings.ts'
export {
  createStandingAudit,
  type StandingAudit,
  type StandingAuditSettings,
} from './standing-audit.ts'
