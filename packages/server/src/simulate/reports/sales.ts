import type { Account } from './account.ts'
import type { Campaigns } from './campaigns.ts'
import { createWalk } from './chance.ts'
import {
  type CsvBytes,
  createInstantWriter,
  dayText,
  putByte,
  putBytes,
  putDigits,
  putLineEnd,
  putText,
  writeCsv,
} from './csv-bytes.ts'
import type { Names } from './names.ts'
import { cellOf, draftOf, type Planted, type Trap } from './planted.ts'
import type { Stories, Story } from './stories.ts'
import { PURCHASE_HEAD } from './structure-traps.ts'

export type SalesParts = {
  readonly stories: Stories
  readonly names: Names
  readonly campaigns: Campaigns
  /** The trap of a purchase, if it has one. */
  trapOf(purchase: number): Trap | undefined
  key(): number
}
export type SalesSettings = {
  readonly purchases: number
  readonly firstDay_s: number
  readonly days: number
  readonly head: string
  readonly lineEnd: CsvBytes['lineEnd']
}

const DAY_S = 86_400
const COMMA = 44
const DOT = 46
const PURCHASE = Buffer.from(',purchase,')
const SUCCESS = Buffer.from(',success')

const plantedBy = (parts: SalesParts, trap: Trap, purchase: number): Planted =>
  trap.plant(draftOf(parts.stories.read(purchase), parts.names, parts.campaigns))

/** The file of purchases, each in `account` as it is written. */
export async function writePurchases(
  path: string,
  parts: SalesParts,
  settings: SalesSettings,
  account: Account,
): Promise<void> {
  const rows = createRows(parts, settings)
  const next = createWalk(settings.purchases, parts.key())
  // What a trap adds to its first row comes elsewhere in the file, before it as often as after it.
  const nextAdded = createWalk(settings.purchases, parts.key())
  let left = settings.purchases
  const step = (out: CsvBytes): 'more' | 'done' => {
    const purchase = next()
    const trap = parts.trapOf(purchase)
    if (trap === undefined) {
      const story = parts.stories.read(purchase)
      account.plain(story)
      rows.putPurchase(out, story)
    } else {
      const planted = plantedBy(parts, trap, purchase)
      account.planted(planted)
      putLines(out, planted.purchases.slice(0, 1))
    }
    const other = nextAdded()
    const added = parts.trapOf(other)
    if (added !== undefined) putLines(out, plantedBy(parts, added, other).purchases.slice(1))
    left -= 1
    return left > 0 ? 'more' : 'done'
  }
  const { lineEnd } = settings
  await writeCsv(path, { head: `${settings.head}${PURCHASE_HEAD}`, lineEnd, step })
}

/** The file of confirmations. `writePurchases` has counted them already. */
export async function writeConfirmations(
  path: string,
  parts: SalesParts,
  settings: SalesSettings,
): Promise<void> {
  const rows = createRows(parts, settings)
  const next = createWalk(settings.purchases, parts.key())
  let left = settings.purchases
  const step = (out: CsvBytes): 'more' | 'done' => {
    const purchase = next()
    const trap = parts.trapOf(purchase)
    if (trap === undefined) rows.putConfirmation(out, parts.stories.read(purchase))
    else putLines(out, plantedBy(parts, trap, purchase).confirmations)
    left -= 1
    return left > 0 ? 'more' : 'done'
  }
  const head = `${settings.head}appsflyer_id,event_time_utc,revenue_usd,receipt_id`
  await writeCsv(path, { head, lineEnd: settings.lineEnd, step })
}

function putLines(out: CsvBytes, rows: Planted['confirmations']): void {
  for (const { line } of rows) {
    putText(out, line)
    putLineEnd(out)
  }
}

function createRows({ names, campaigns }: SalesParts, settings: SalesSettings) {
  // A day before and after: a confirmation may come a little earlier or later.
  const putInstant = createInstantWriter(dayText(settings.firstDay_s - DAY_S), settings.days + 2)
  const campaignCells = campaigns.all.map(({ name }) => Buffer.from(cellOf(name)))
  return {
    putPurchase(out: CsvBytes, story: Story): void {
      names.putPlayer(out, story.player)
      putBytes(out, PURCHASE)
      putInstant(out, story.at)
      putByte(out, COMMA)
      putMoney(out, story.micros)
      putByte(out, COMMA)
      const cell = campaignCells[story.campaign]
      if (cell !== undefined) putBytes(out, cell)
      putByte(out, COMMA)
      if (story.hasReceipt) names.putReceipt(out, story.purchase)
      putBytes(out, SUCCESS)
      putLineEnd(out)
    },
    putConfirmation(out: CsvBytes, story: Story): void {
      if (story.confirmation === 'none') return
      if (story.confirmation === 'own') names.putPlayer(out, story.player)
      else names.putStranger(out, story.purchase)
      putByte(out, COMMA)
      putInstant(out, story.confirmedAt)
      putByte(out, COMMA)
      putMoney(out, story.confirmedMicros)
      putByte(out, COMMA)
      if (story.confirmedReceipt) names.putReceipt(out, story.purchase)
      putLineEnd(out)
    },
  }
}

const MICROS = 1_000_000

/** Two decimals, or four where the price is no whole cent. Less than 1,000 dollars. */
function putMoney(out: CsvBytes, micros: number): void {
  const units = Math.floor(micros / MICROS)
  putDigits(out, units, units < 10 ? 1 : units < 100 ? 2 : 3)
  putByte(out, DOT)
  const rest = micros - units * MICROS
  if (rest % 10_000 === 0) putDigits(out, rest / 10_000, 2)
  else putDigits(out, rest / 100, 4)
}
