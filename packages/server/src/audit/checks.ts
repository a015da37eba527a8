import { toInstant } from '../platform/platform.ts'
import type { Read } from '../store/store.ts'
import { type Discrepancy, discrepancy } from './findings.ts'
import {
  ACCOUNTS,
  type AccountRow,
  COUNTS,
  type CountRow,
  ENTRIES_WITHOUT_EVENT,
  type EntryRow,
  type EventRow,
  GAPS,
  type GapRow,
  HEAD,
  type KeyRow,
  LINKS,
  type LinkRow,
  MOVEMENTS_WITHOUT_ENTRY,
  REPEATED_KEYS,
} from './statements.ts'

/** Looks at all of the books for one kind of fault, or a few that show in the same rows. */
export type Check = (read: Read) => Promise<readonly Discrepancy[]>

/** In the order in which their findings are listed: money first. */
export const CHECKS: readonly Check[] = [
  checkAccounts,
  checkLinks,
  checkEntries,
  checkMovements,
  checkKeys,
  checkOffsets,
  checkCounts,
]

async function checkAccounts(read: Read): Promise<readonly Discrepancy[]> {
  return (await read<AccountRow>(ACCOUNTS, [])).flatMap((row) => [...faultsOfAccount(row)])
}

export function* faultsOfAccount(account: AccountRow): Generator<Discrepancy> {
  const { balance, version, total, entries } = account
  if (balance === null) {
    yield discrepancy('balance-missing', `entries come to ${total}, there is no balance`, account)
    return
  }
  if (balance < 0) yield discrepancy('balance-negative', `the balance is ${balance}`, account)
  if (entries === 0) {
    const detail = `the balance is ${balance} at version ${version}, there is no entry`
    yield discrepancy('entries-missing', detail, account)
    return
  }
  if (balance !== total) {
    const detail = `the balance is ${balance}, its entries come to ${total}`
    yield discrepancy('balance-differs', detail, account)
  }
  if (version !== entries) {
    const detail = `the account is at version ${version}, it has ${entries} entries`
    yield discrepancy('version-gap', detail, account)
  }
}

async function checkLinks(read: Read): Promise<readonly Discrepancy[]> {
  return (await read<LinkRow>(LINKS, [])).flatMap((row) => [...faultsOfLink(row)])
}

function* faultsOfLink(link: LinkRow): Generator<Discrepancy> {
  const { entryId, amount, balanceAfter, version, balanceBefore, versionBefore } = link
  if (version !== versionBefore + 1) {
    const detail = `entry ${entryId} has version ${version} after ${versionBefore}`
    yield discrepancy('version-gap', detail, link)
  }
  if (balanceAfter !== balanceBefore + amount) {
    const detail = `entry ${entryId} leaves ${balanceAfter}, but ${balanceBefore} and ${amount} come to ${balanceBefore + amount}`
    yield discrepancy('chain-broken', detail, link)
  }
  if (balanceAfter < 0) {
    yield discrepancy('balance-negative', `entry ${entryId} leaves ${balanceAfter}`, link)
  }
}

async function checkEntries(read: Read): Promise<readonly Discrepancy[]> {
  const rows = await read<EntryRow>(ENTRIES_WITHOUT_EVENT, [])
  return rows.map((row) => {
    const { playerId, entryId, kind, eventType, eventPlayerId } = row
    if (eventType === null) {
      return discrepancy('event-missing', `the log has no event ${entryId} for this ${kind}`, row)
    }
    const detail = `event ${entryId} is ${eventType} of ${eventPlayerId}, its entry ${kind} of ${playerId}`
    return discrepancy('event-differs', detail, row)
  })
}

async function checkMovements(read: Read): Promise<readonly Discrepancy[]> {
  const rows = await read<EventRow>(MOVEMENTS_WITHOUT_ENTRY, [])
  return rows.map((row) =>
    discrepancy('entry-missing', `event ${row.offset} (${row.eventType}) has no entry`, row),
  )
}

async function checkKeys(read: Read): Promise<readonly Discrepancy[]> {
  const rows = await read<KeyRow>(REPEATED_KEYS, [])
  return rows.map((row) => {
    const [key, ...of] = row.scope.split('\n')
    const detail = `key ${key} of ${of.join(' ')} has ${row.outcomes} outcomes`
    return discrepancy('key-repeated', detail, row)
  })
}

/** No row leaves the log, not even that of a batch that expired, so its offsets are 1 … head. */
async function checkOffsets(read: Read): Promise<readonly Discrepancy[]> {
  const rows = await read<GapRow>(GAPS, [])
  const found = rows.map(({ offset, before }) => gap(before + 1, offset - 1))
  const [{ head, newest } = { head: 0, newest: 0 }] = await read<{ head: number; newest: number }>(
    HEAD,
    [],
  )
  if (newest < head) found.push(gap(newest + 1, head))
  if (newest > head) {
    const detail = `the newest event is ${newest}, the head of the log says ${head}`
    found.push(discrepancy('log-beyond-head', detail))
  }
  return found
}

const gap = (first: number, last: number): Discrepancy =>
  discrepancy(
    'log-gap',
    first === last ? `event ${first} is missing` : `events ${first} to ${last} are missing`,
  )

async function checkCounts(read: Read): Promise<readonly Discrepancy[]> {
  const rows = await read<CountRow>(COUNTS, [])
  return rows.map(({ app, eventType, hour, kept, counted }) => {
    const where = `${eventType} of ${app} in the hour of ${instant(hour)}`
    return discrepancy('count-differs', `${where}: the log has ${counted}, the count says ${kept}`)
  })
}

/** The last instant that has a date; a damaged row may lie beyond it. */
const DATE_MAX_MS = 8.64e15
const instant = (ms: number): string => (Math.abs(ms) <= DATE_MAX_MS ? toInstant(ms) : `${ms} ms`)
