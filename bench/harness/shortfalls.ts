import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Figure, verdictOf } from './figures.ts'
import { withTables } from './page.ts'
import { cellsOf, type Report } from './report.ts'

const BENCH = join(import.meta.dirname, '..')
const PAGE = join(BENCH, 'README.md')

/** The page of all benchmarks with what the last results are short of. */
export function pageOfShortfalls(
  page = readFileSync(PAGE, 'utf8'),
  reports = lastReports(),
): string {
  return withTables(page, 'bench', { shortfalls: tableOf(reports) })
}

export const writeShortfalls = (): void => writeFileSync(PAGE, pageOfShortfalls())

function lastReports(): readonly Report[] {
  const files = globSync('*/last-result.json', { cwd: BENCH }).toSorted()
  return files.flatMap((file) =>
    Object.values<Report>(JSON.parse(readFileSync(join(BENCH, file), 'utf8'))),
  )
}

function tableOf(reports: readonly Report[]): string {
  const rows = reports.flatMap((report) =>
    report.figures.filter(isShort).map((figure) => rowOf(report, figure)),
  )
  const head = ['| benchmark | figure | last | floor | target |', '| --- | --- | --: | --: | --: |']
  return [...head, ...rows].join('\n')
}

function isShort(figure: Figure): boolean {
  const verdict = verdictOf(figure)
  return verdict !== '' && verdict !== 'target met'
}

function rowOf({ bench, database, variant }: Report, figure: Figure): string {
  const [name, value, floor, target] = cellsOf(figure)
  const where = [
    bench,
    ...(database === 'postgres' ? ['PostgreSQL'] : []),
    ...(variant ? [variant] : []),
  ]
  return `| ${where.join(', ')} | ${name} | ${value} | ${floor} | ${target} |`
}
