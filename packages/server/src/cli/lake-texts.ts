import type { LakeStats, Trimmed, Verification } from '../lake/lake.ts'
import { table } from './output.ts'

const number = (value: number): string => value.toLocaleString('en-US')
const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`

export function statsText({ folder, from, upto, log_expired, topics }: LakeStats): string {
  const rows = topics.map(({ topic, files, rows, bytes, first_date, last_date }) => [
    ...[topic, number(files), number(rows), megabytes(bytes)],
    first_date === null ? '' : `${first_date} to ${last_date}`,
  ])
  const expired = log_expired === 0 ? '' : `; up to ${number(log_expired)} only here`
  const holds = upto < from ? 'no event' : `offsets ${number(from)} to ${number(upto)}`
  return [
    `${folder}: ${holds}${expired}`,
    table([['TOPIC', 'FILES', 'ROWS', 'SIZE', 'DAYS'], ...rows]),
  ].join('\n')
}

/** The verdict in one line, then what is wrong, one line each. */
export function verifyText({ ok, faults, checked, strays }: Verification): string {
  const { files, rows, compared, upto } = checked
  const size = `${number(files)} files, ${number(rows)} rows, offsets up to ${number(upto)}, ${number(compared)} compared with the log`
  const left =
    strays === 0
      ? []
      : [`${strays} files are not listed: left by a process that died, removed by the next one`]
  if (ok) return [`lake clean: ${size}`, ...left].join('\n')
  return [`lake broken: ${size}`, ...faults.map((fault) => `  ${fault}`), ...left].join('\n')
}

type Merged = {
  readonly path: string
  readonly parts: number
  readonly rows: number
  readonly bytes: number
}

export function compactText(merged: readonly Merged[]): string {
  if (merged.length === 0) return 'there is nothing to merge'
  return table([
    ['FILE', 'OF', 'ROWS', 'SIZE'],
    ...merged.map(({ path, parts, rows, bytes }) => [
      path,
      `${parts} files`,
      number(rows),
      megabytes(bytes),
    ]),
  ])
}

export const trimText = ({ before, upto, cut, removed }: Trimmed): string =>
  before === upto
    ? 'the lake is not further than the log: nothing was taken out'
    : `the lake went to ${number(before)} and goes to ${number(upto)}: ${number(cut)} files cut, ${number(removed)} removed`
