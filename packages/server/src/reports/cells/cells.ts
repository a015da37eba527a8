// What one cell of a foreign file means: times, money, campaigns, names; and how ours are written.
// parseInstant, parseDay, parseMoney, campaignKey and foldName are the definition, exact and free
// of any engine. instantSql and microsSql read the common shapes in DuckDB and are NULL elsewhere;
// where they are not NULL they equal the definition.
export { campaignKey, foldName, NO_CAMPAIGN } from './campaigns.ts'
export { type InputZone, readInputZone, UTC } from './input-zone.ts'
export {
  dayOfInstant,
  formatDay,
  formatInstant,
  type ParsedDay,
  type ParsedInstant,
  parseDay,
  parseInstant,
} from './instants.ts'
export {
  type CommaMeaning,
  commaEvidence,
  decideComma,
  type MoneyReason,
  type ParsedMoney,
  parseMoney,
} from './money.ts'
export { formatMicrosCsv, formatMicrosJson, formatRatio } from './numerals.ts'
export { present } from './present.ts'
export { spreadsheetSafe } from './spreadsheet.ts'
export { instantSql, microsSql } from './sql.ts'
export { singleSpaced, trimmed } from './white-space.ts'
