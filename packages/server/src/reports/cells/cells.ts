// What one cell of a foreign file means: times, money, campaigns, names; and how ours are written.
// parseInstant, parseDay, parseMoney, campaignKey and foldName are the definition, exact and free
// of any engine. What else reads cells, because it is faster, is held to them by tests.
export { campaignKey, foldName, NO_CAMPAIGN } from './campaigns.ts'
export { type InputZone, readInputZone, UTC } from './input-zone.ts'
export {
  formatDay,
  formatInstant,
  parseDay,
  parseInstant,
} from './instants.ts'
export {
  type CommaMeaning,
  commaEvidence,
  type ParsedMoney,
  parseMoney,
} from './money.ts'
export { formatMicrosCsv, formatMicrosJson, formatRatio } from './numerals.ts'
export { present } from './present.ts'
export { csvCell } from './spreadsheet.ts'
export { trimmed } from './white-space.ts'
