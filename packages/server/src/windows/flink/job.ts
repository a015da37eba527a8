import { createHash } from 'node:crypto'

/** What the gateway gets: properties of a session, then tables and views, then the one statement that runs. */
export type Job = {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly definitions: readonly string[]
  /** An INSERT, or several in a statement set, which are one job that reads its source once. */
  readonly inserts: readonly string[]
}

/** UTC for whatever becomes a date, whatever zone the machines are in. */
const EVERY_JOB = { 'table.local-time-zone': 'UTC' }

export const jobProperties = (
  name: string,
  parallelism: number,
  more: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => ({
  ...EVERY_JOB,
  'pipeline.name': name,
  'parallelism.default': String(parallelism),
  ...more,
})

export const statementOf = ({ inserts }: Job): string =>
  `EXECUTE STATEMENT SET BEGIN\n${inserts.map((insert) => `${insert};\n`).join('')}END`

export const explanationOf = ({ inserts }: Job): string =>
  `EXPLAIN STATEMENT SET BEGIN\n${inserts.map((insert) => `${insert};\n`).join('')}END`

/** The same for the same SQL. */
export function fingerprintOf({ definitions, inserts }: Job): string {
  const hash = createHash('sha256')
  for (const part of [...definitions, ...inserts]) hash.update(part).update('\n')
  return hash.digest('hex').slice(0, 16)
}
