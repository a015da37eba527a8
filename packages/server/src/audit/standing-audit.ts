import { setImmediate as othersFirst } from 'node:timers/promises'
import type { Read } from '../store/store.ts'
import { faultsOfAccount } from './checks.ts'
import { type Discrepancy, discrepancy } from './findings.ts'
import {
  NEXT_ACCOUNTS,
  NEXT_ENTRIES,
  NEXT_LINKS,
  PAGE_ROWS,
  type StandingAccount,
  type StandingEntry,
  type StandingLink,
} from './statements.ts'

export type StandingAuditSettings = {
  /** How much one slice reads at the most: accounts that it begins, pages of 500 entries. */
  readonly sliceAccountsMax: number
  readonly slicePagesMax: number
}

export type StandingAudit = {
  /** Checks the next slice and returns what it found; after the last entry it begins again. */
  slice(): Promise<readonly Discrepancy[]>
  /** How many discrepancies the last complete round found, or this one so far if those are more. */
  discrepancies(): number
  /** When a round was last complete, milliseconds since the epoch; null before the first. */
  auditedAt(): number | null
}

/** An account and what its entries have come to so far, up to the version that the account had. */
type Tally = StandingAccount & {
  readonly total: number
  readonly entries: number
  readonly occurredAt: number
  readonly entryId: number
}

/**
 * Goes round the accounts while the server runs and compares each balance with the sum of all its
 * entries. It needs no snapshot, and may stop in the middle of an account: entries never change, so
 * those up to the version that the account was read at must come to the balance read with it.
 * Then it goes through the ledger for entries whose account is gone. What needs the whole log at one moment is left to the full audit.
 */
export function createStandingAudit(
  parts: { readonly read: Read; readonly now: () => number },
  settings: StandingAuditSettings,
): StandingAudit {
  const { read, now } = parts
  let waiting: Tally[] = []
  let last = { playerId: '', currency: '' }
  let ledger = createLedgerWalk(read)
  let foundThisRound = 0
  let foundLastRound = 0
  let auditedAt: number | null = null

  /** Whether there is an account left in this round. */
  const refill = async (): Promise<boolean> => {
    if (waiting.length > 0) return true
    const accounts = await read<StandingAccount>(NEXT_ACCOUNTS, [last.playerId, last.currency])
    waiting = accounts.map((account) => ({ ...account, ...NOTHING_YET }))
    return accounts.length > 0
  }
  const endRound = (): void => {
    last = { playerId: '', currency: '' }
    ledger = createLedgerWalk(read)
    foundLastRound = foundThisRound
    foundThisRound = 0
    auditedAt = now()
  }

  /** Reads the next page of the first account that waits, and whether that was its last. */
  const checkAccount = async (found: Discrepancy[]): Promise<boolean> => {
    const [tally, ...others] = waiting
    if (!tally) return false
    const page = await addPage(read, tally)
    waiting = page.done ? others : [page.tally, ...others]
    if (!page.done) return false
    last = tally
    found.push(...faultsOfAccount(page.tally))
    return true
  }

  return {
    async slice() {
      const found: Discrepancy[] = []
      let accounts = 0
      let isEnd = false
      try {
        for (let pages = 0; pages < settings.slicePagesMax && !isEnd; pages += 1) {
          if (accounts >= settings.sliceAccountsMax) break
          if (await refill()) {
            if (await checkAccount(found)) accounts += 1
          } else {
            isEnd = await ledger.checkPage(found)
            accounts += ACCOUNTS_PER_LEDGER_PAGE
          }
          await othersFirst()
        }
      } finally {
        foundThisRound += found.length
      }
      if (isEnd) endRound()
      return found
    },
    discrepancies: () => Math.max(foundLastRound, foundThisRound),
    auditedAt: () => auditedAt,
  }
}

/** A page of the ledger takes as long as so many accounts, and counts for a slice as they do. */
const ACCOUNTS_PER_LEDGER_PAGE = 25

/** Goes through the ledger in its own order. An entry and its account are one commit, so none is ever without. */
function createLedgerWalk(read: Read) {
  let last = 0
  /** So that each is said once. */
  const gone = new Set<string>()
  return {
    /** Whether it was the last page. */
    async checkPage(found: Discrepancy[]): Promise<boolean> {
      const links = await read<StandingLink>(NEXT_LINKS, [last])
      for (const { entryId, playerId, currency, lost } of links) {
        const name = `${currency} ${playerId}`
        if (lost === 0 || gone.has(name)) continue
        gone.add(name)
        const detail = `entry ${entryId} is there, its account is not`
        found.push(discrepancy('balance-missing', detail, { playerId, currency }))
      }
      last = links.at(-1)?.entryId ?? last
      return links.length < PAGE_ROWS
    },
  }
}

const NOTHING_YET = { total: 0, entries: 0, occurredAt: Number.MIN_SAFE_INTEGER, entryId: 0 }

async function addPage(read: Read, tally: Tally): Promise<{ tally: Tally; done: boolean }> {
  const { playerId, currency, version } = tally
  const rows = await read<StandingEntry>(NEXT_ENTRIES, [playerId, tally.occurredAt, tally.entryId])
  let { total, entries } = tally
  for (const row of rows) {
    if (row.currency !== currency || row.version === null || row.version > version) continue
    total += row.amount ?? 0
    entries += 1
  }
  const { occurredAt, entryId } = rows.at(-1) ?? tally
  return {
    tally: { ...tally, total, entries, occurredAt, entryId },
    done: rows.length < PAGE_ROWS,
  }
}
