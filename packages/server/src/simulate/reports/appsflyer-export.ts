import { writeFile } from 'node:fs/promises'
import { below, createKeys, mix } from './chance.ts'
import { dayText } from './csv-bytes.ts'
import { createNames } from './names.ts'
import { cellOf, clockText, moneyText } from './planted.ts'

/** AppsFlyer's raw-data export as it comes: 81 columns, no status, no receipt column. */
export type AppsflyerExport = {
  readonly rowsIn: number
  /** Other events than `af_purchase`: without money, and their value is the text `null`. */
  readonly otherEvents: number
  readonly purchases: readonly {
    readonly appsflyerId: string
    /** Seconds since 1970, as the export writes it: without a zone, UTC. */
    readonly at: number
    readonly revenueMicros: number
    /** Empty where the install is organic. */
    readonly campaign: string
    /** Within Event Value: `af_receipt_id`, or else `af_order_id`. */
    readonly receipt: string
  }[]
}

const DISPLAY_NAMES = `
Attributed Touch Type,Attributed Touch Time,Install Time,Event Time,Event Name,Event Value
Event Revenue,Event Revenue Currency,Event Revenue USD,Event Source,Is Receipt Validated,Partner
Media Source,Channel,Keywords,Campaign,Campaign ID,Adset,Adset ID,Ad,Ad ID,Ad Type,Site ID
Sub Site ID,Sub Param 1,Sub Param 2,Sub Param 3,Sub Param 4,Sub Param 5,Cost Model,Cost Value
Cost Currency,Contributor 1 Partner,Contributor 1 Media Source,Contributor 1 Campaign
Contributor 1 Touch Type,Contributor 1 Touch Time,Contributor 2 Partner
Contributor 2 Media Source,Contributor 2 Campaign,Contributor 2 Touch Type
Contributor 2 Touch Time,Contributor 3 Partner,Contributor 3 Media Source
Contributor 3 Campaign,Contributor 3 Touch Type,Contributor 3 Touch Time,Region,Country Code
State,City,Postal Code,DMA,IP,WIFI,Operator,Carrier,Language,AppsFlyer ID,Advertising ID,IDFA
Android ID,Customer User ID,IMEI,IDFV,Platform,Device Type,OS Version,App Version,SDK Version
App ID,App Name,Bundle ID,Is Retargeting,Retargeting Conversion Type,Attribution Lookback
Reengagement Window,Is Primary Attribution,User Agent,HTTP Referrer,Original URL`
  .trim()
  .split(/[,\n]/)

/** Names that are not just the display name in lower case with underscores. */
const API_NAMES: Readonly<Record<string, string>> = {
  ...{ Partner: 'af_prt', Channel: 'af_channel', Keywords: 'af_keywords' },
  ...{ 'Campaign ID': 'af_c_id', Adset: 'af_adset', 'Adset ID': 'af_adset_id' },
  ...{ Ad: 'af_ad', 'Ad ID': 'af_ad_id', 'Ad Type': 'af_ad_type' },
  ...{ 'Site ID': 'af_siteid', 'Sub Site ID': 'af_sub_siteid' },
  ...{ 'Cost Model': 'af_cost_model', 'Cost Value': 'af_cost_value' },
  ...{ 'Cost Currency': 'af_cost_currency', 'Attribution Lookback': 'af_attribution_lookback' },
  'Reengagement Window': 'af_reengagement_window',
}
const apiName = (display: string): string =>
  API_NAMES[display] ??
  display
    .replace(/^Sub Param (\d)$/, 'af_sub$1')
    .replace(/^(Contributor \d) Partner$/, '$1 af_prt')
    .toLowerCase()
    .replaceAll(' ', '_')

const DAY_S = 86_400

/** Writes `file.path` in one of the two spellings of the columns; the rows are the same in both. */
export async function writeAppsflyerExport(file: {
  readonly path: string
  readonly rows: number
  readonly seed: string
  readonly lastDay: string
  readonly spelling: 'display' | 'api'
}): Promise<AppsflyerExport> {
  const key = createKeys(file.seed)
  const names = createNames(key)
  const draw = key()
  const purchases: AppsflyerExport['purchases'][number][] = []
  const lines = Array.from({ length: file.rows }, (_, index) => {
    const at = Date.parse(file.lastDay) / 1_000 - below(mix(index, draw), 3 * DAY_S)
    const appsflyerId = names.player(index % Math.ceil(file.rows / 3))
    const campaign = index % 5 === 0 ? '' : `Summer Splash ${index % 3}`
    if (index % 4 === 3) return lineOf({ ...eventCells(at, appsflyerId, campaign) })
    const revenueMicros = [990_000, 4_990_000, 12_349_900][index % 3] ?? 0
    const receipt = names.receipt(index)
    purchases.push({ appsflyerId, at, revenueMicros, campaign, receipt })
    const value = {
      af_revenue: revenueMicros / 1_000_000,
      af_currency: 'EUR',
      [index % 2 === 0 ? 'af_receipt_id' : 'af_order_id']: receipt,
    }
    return lineOf({
      ...eventCells(at, appsflyerId, campaign),
      'Event Name': 'af_purchase',
      'Event Value': JSON.stringify(value),
      'Event Revenue': moneyText(Math.round((revenueMicros * 0.92) / 100) * 100),
      'Event Revenue Currency': 'EUR',
      'Event Revenue USD': moneyText(revenueMicros),
      'Is Receipt Validated': 'true',
    })
  })
  const head = file.spelling === 'display' ? DISPLAY_NAMES : DISPLAY_NAMES.map(apiName)
  await writeFile(file.path, `${[head.join(','), ...lines].join('\n')}\n`)
  return { rowsIn: file.rows, otherEvents: file.rows - purchases.length, purchases }
}

const eventCells = (at: number, appsflyerId: string, campaign: string) => ({
  'Attributed Touch Type': campaign === '' ? '' : 'click',
  'Install Time': `${dayText(at - 9 * DAY_S)} 08:15:00`,
  'Event Time': `${dayText(at)} ${clockText(at)}`,
  'Event Name': 'af_login',
  'Event Value': 'null',
  'Event Revenue Currency': 'USD',
  'Event Source': 'SDK',
  'Media Source': campaign === '' ? 'organic' : 'googleadwords_int',
  Campaign: campaign,
  'AppsFlyer ID': appsflyerId,
  Platform: 'android',
  'App ID': 'com.example.game',
  'User Agent': 'Dalvik/2.1.0 (Linux; U; Android 14, Pixel)',
})

const lineOf = (cells: Readonly<Record<string, string>>): string =>
  DISPLAY_NAMES.map((name) => cellOf(cells[name] ?? '')).join(',')
