import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { createAttributedPlayers } from './attributed-players.ts'
import { CONFIRMATION_COLUMNS, confirmationRow } from './confirmations.ts'
import { createCsv } from './csv-writer.ts'
import { PURCHASE_COLUMNS, purchaseRow } from './purchases.ts'
import type { LoggedEvent, ReportLog } from './report-log.ts'
import { SESSION_COLUMNS, sessionRow } from './sessions.ts'

/** The files that are made of the log; each row begins with its offset. */
export const DERIVED = {
  purchases: 'purchases_raw.csv',
  confirmations: 'confirmed_purchases.csv',
  sessions: 'sessions.csv',
} as const

const PURCHASE_EVENT = 'purchase'
const SESSION_EVENT = 'session_start'

type Row = readonly string[] | null
/** How much of the log is read, 0 to 1. */
type OnProgress = (done: number) => void

/**
 * Writes what the log has up to `until`, itself included, to three files in `folder`. Memory does not
 * grow with the log: a page of it is held, and who was attributed lies on disk meanwhile.
 */
export async function deriveFiles(
  log: ReportLog,
  until: number,
  folder: string,
  onProgress: OnProgress,
): Promise<void> {
  const third = (index: number) => (offset: number) => onProgress((index + offset / until) / 3)
  const players = createAttributedPlayers(join(folder, 'players.db'))
  try {
    const postbacks = log.postbacks(until)
    // Purchases come first: which postback of a player is the newest is known after the last.
    const purchases = { name: DERIVED.purchases, columns: PURCHASE_COLUMNS }
    await writeFile(folder, purchases, postbacks, third(0), (postback) => {
      const { customerUserId, appsflyerId } = postback
      if (customerUserId !== '' && appsflyerId !== '') players.learn(customerUserId, appsflyerId)
      return purchaseRow(postback)
    })
    const events = (eventType: string) => log.events(eventType, until)
    const confirmations = { name: DERIVED.confirmations, columns: CONFIRMATION_COLUMNS }
    await writeFile(folder, confirmations, events(PURCHASE_EVENT), third(1), (event: LoggedEvent) =>
      confirmationRow(event, players.find),
    )
    const sessions = { name: DERIVED.sessions, columns: SESSION_COLUMNS }
    await writeFile(folder, sessions, events(SESSION_EVENT), third(2), sessionRow)
  } finally {
    await players.close()
  }
}

async function writeFile<Entry extends { readonly offset: number }>(
  folder: string,
  { name, columns }: { readonly name: string; readonly columns: readonly string[] },
  pages: AsyncIterable<readonly Entry[]>,
  onOffset: (offset: number) => void,
  rowOf: (entry: Entry) => Row,
): Promise<void> {
  const csv = await createCsv(join(folder, name), columns)
  try {
    for await (const page of pages) {
      await csv.write(page.map(rowOf).filter((row) => row !== null))
      const last = page.at(-1)
      if (last) onOffset(last.offset)
      // SQLite answers at once, so nothing else would have its turn: no signal, no progress.
      await setImmediate()
    }
  } finally {
    await csv.close()
  }
}
