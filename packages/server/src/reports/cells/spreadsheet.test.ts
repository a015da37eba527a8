import { expect, it } from 'vitest'
import { spreadsheetSafe } from './spreadsheet.ts'

it.each(['=1+1', '+1', '-1', '@x', '\tx', '\rx', "=cmd|' /C calc'!A0"])(
  'puts an apostrophe before %j',
  (cell) => expect(spreadsheetSafe(cell)).toBe(`'${cell}`),
)

it.each(['', 'a=1', ' =1', "'=1", '1-2', '(NONE)'])('leaves %j as it is', (cell) =>
  expect(spreadsheetSafe(cell)).toBe(cell),
)
