import { Command } from 'commander'
import { type AuditReport, createAudit } from '../audit/audit.ts'
import { print, printJson, table } from './output.ts'
import { requireBooks } from './require-books.ts'
import { withDatabase } from './with-database.ts'

export const auditCommand = (): Command =>
  new Command('audit')
    .description(
      'Check the books, beside a running server or without one: each balance is the sum of its entries and never negative, no version of an account and no offset of the log is missing, each movement has its event, each key had one outcome, counts are those of the log.',
    )
    .option('--json', 'print one JSON document: {ok, checked, discrepancies, more}')
    .addHelpText(
      'after',
      `
Exit code 1 means that something is wrong; it is listed.

Examples:
  questline audit
  questline audit --json | jq .discrepancies`,
    )
    .action(async ({ json }: { readonly json?: true }) => {
      requireBooks()
      const report = await withDatabase(({ store }) => createAudit({ store }).run())
      await (json ? printJson(report) : print(auditText(report)))
      if (!report.ok) process.exitCode = 1
    })

const number = (value: number): string => value.toLocaleString('en-US')

/** The verdict in one line, then what is wrong, one line each. */
export function auditText({ ok, checked, discrepancies, more }: AuditReport): string {
  const { players, accounts, entries, events } = checked
  const size = `${number(accounts)} accounts of ${number(players)} players, ${number(entries)} ledger entries, ${number(events)} events`
  if (ok) return `audit clean: ${size}`
  const rows = discrepancies.map(({ kind, playerId, currency, detail }) => [
    kind,
    [playerId, currency].filter((part) => part !== null).join(' '),
    detail,
  ])
  const count = more ? `more than ${number(rows.length)}` : number(rows.length)
  return `audit found ${count} discrepancies in ${size}\n${table(rows, '  ')}`
}
