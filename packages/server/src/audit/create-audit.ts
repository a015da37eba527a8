import type { Store } from '../store/store.ts'
import { CHECKS } from './checks.ts'
import type { Discrepancy } from './findings.ts'
import { LISTED_MAX, SIZE, type SizeRow } from './statements.ts'

export type AuditReport = {
  readonly ok: boolean
  readonly checked: {
    /** Players that have an account in some currency. */
    readonly players: number
    /** One per player and currency. */
    readonly accounts: number
    readonly entries: number
    readonly events: number
  }
  /** The first 1,000. */
  readonly discrepancies: readonly Discrepancy[]
  /** Whether there are more than the list holds. */
  readonly more: boolean
}

export type Audit = {
  /** Checks all of the books as of one moment, beside whoever writes them. */
  run(): Promise<AuditReport>
}

export function createAudit({ store }: { readonly store: Store }): Audit {
  return {
    run: () =>
      store.snapshot(async (read) => {
        const [size] = await read<SizeRow>(SIZE, [])
        const { players = 0, accounts = 0, entries = 0, events = 0 } = size ?? {}
        const found: Discrepancy[] = []
        for (const check of CHECKS) found.push(...(await check(read)))
        return {
          ok: found.length === 0,
          checked: { players, accounts, entries, events },
          discrepancies: found.slice(0, LISTED_MAX),
          more: found.length > LISTED_MAX,
        }
      }),
  }
}
