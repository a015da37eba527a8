import { describe, expect, it } from 'vitest'
import {
  CONFIRMED_PURCHASES,
  COSTS_DAILY,
  type FileDefinition,
  findColumns,
  PURCHASES_RAW,
  SESSIONS,
} from './columns.ts'
import { InputError } from './input-error.ts'

const PURCHASES = 'appsflyer_id,event_name,event_time_utc,revenue_usd,campaign,receipt_id,status'

/** What AppsFlyer's Export page writes, shortened. */
const EXPORT =
  'Attributed Touch Type,Install Time,Event Time,Event Name,Event Value,Event Revenue,' +
  'Event Revenue Currency,Event Revenue USD,Media Source,Campaign,Campaign ID,AppsFlyer ID'
const API = 'event_time,event_name,event_value,event_revenue_usd,campaign,af_c_id,appsflyer_id'

const find = (names: string, definition: FileDefinition = PURCHASES_RAW) =>
  findColumns('/data/some.csv', names.split(','), definition)

function failure(names: string, definition: FileDefinition = PURCHASES_RAW): string {
  try {
    find(names, definition)
  } catch (error) {
    expect(error).toBeInstanceOf(InputError)
    return error instanceof Error ? error.message : ''
  }
  return 'found'
}

describe('columns', () => {
  it('are found in any order and any case, with spaces around them and others between', () => {
    const names =
      'x, STATUS ,receipt_id,y,Campaign,\ufeffrevenue_usd,event_time_utc\u00a0,event_name'
    expect(find(`${names},AppsFlyer_ID`)).toEqual({
      shape: 'plain',
      positions: {
        appsflyer_id: 8,
        event_name: 7,
        event_time_utc: 6,
        revenue_usd: 5,
        campaign: 4,
        receipt_id: 2,
        status: 1,
      },
    })
  })

  it('of the other files are found', () => {
    const confirmed = find(
      'receipt_id,revenue_usd,event_time_utc,appsflyer_id',
      CONFIRMED_PURCHASES,
    )
    expect(confirmed.positions).toEqual({
      appsflyer_id: 3,
      event_time_utc: 2,
      revenue_usd: 1,
      receipt_id: 0,
    })
    expect(find('date,campaign,ad_cost_usd', COSTS_DAILY).positions).toEqual({
      date: 0,
      campaign: 1,
      ad_cost_usd: 2,
    })
  })

  it('of sessions are a timestamp, else a date; the other is not looked at', () => {
    expect(find('date,user_id', SESSIONS).positions).toEqual({ user_id: 1, date: 0 })
    expect(find('date,date,user_id,event_timestamp_utc', SESSIONS).positions).toEqual({
      user_id: 2,
      event_timestamp_utc: 3,
    })
    expect(failure('user_id', SESSIONS)).toContain('"event_timestamp_utc" or "date"')
  })
})

describe("AppsFlyer's export", () => {
  it('is recognised in both spellings', () => {
    expect(find(EXPORT)).toEqual({
      shape: 'appsflyer-export',
      positions: {
        appsflyer_id: 11,
        event_name: 3,
        event_time_utc: 2,
        revenue_usd: 7,
        campaign: 9,
        event_value: 4,
      },
    })
    expect(find(API)).toEqual({
      shape: 'appsflyer-export',
      positions: {
        appsflyer_id: 6,
        event_name: 1,
        event_time_utc: 0,
        revenue_usd: 3,
        campaign: 4,
        event_value: 2,
      },
    })
    expect(find(API.replace('event_value,', '')).positions).not.toHaveProperty('event_value')
  })

  it('gives way to our own columns when they are all there', () => {
    expect(find(`${API},event_time_utc,revenue_usd,receipt_id,status`).shape).toBe('plain')
  })

  it('that lacks a column is spoken of in its own names', () => {
    expect(failure(EXPORT.replace('Event Revenue USD,', ''))).toMatch(
      /lacks the column "event_revenue_usd" \(did you mean "Event Revenue"\?\)/,
    )
  })
})

describe('a missing column', () => {
  it('is named with the file, what was found, and the name that is nearest', () => {
    expect(failure(PURCHASES.replace('revenue_usd', 'Revenue'))).toBe(
      'some.csv lacks the column "revenue_usd" (did you mean "Revenue"?); its first line has: ' +
        '"appsflyer_id", "event_name", "event_time_utc", "Revenue", "campaign", "receipt_id", "status"',
    )
    expect(failure(PURCHASES.replace('campaign', 'campain'))).toContain('mean "campain"?')
    expect(failure(PURCHASES.replace('status', 'x'))).toContain('the column "status"; its')
  })

  it('is named with all others that are missing', () => {
    expect(failure('campaign,cost', COSTS_DAILY)).toBe(
      'some.csv lacks the columns "date", "ad_cost_usd" (did you mean "cost"?); ' +
        'its first line has: "campaign", "cost"',
    )
  })

  it('is told in one short line, whatever the header holds', () => {
    const message = failure(
      Array.from({ length: 90 }, (_, n) => `x${n}\n${'y'.repeat(500)}`).join(),
    )
    expect(message).not.toContain('\n')
    expect(message).toContain('and 70 more')
    expect(message.length).toBeLessThan(2_000)
  })
})

describe('a column that is there twice', () => {
  it('is refused when it is needed, with both places', () => {
    expect(failure(`${PURCHASES}, Campaign `)).toBe(
      'some.csv has the column "campaign" twice (columns 5 and 8): remove or rename one',
    )
    expect(failure(`${API},Event Value`)).toContain('"event_value" twice')
  })

  it('is of no matter when it is not needed', () => {
    expect(failure(`${PURCHASES},note,note,event_value,event_value`)).toBe('found')
  })
})
