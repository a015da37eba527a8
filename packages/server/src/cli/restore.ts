import { Command } from 'commander'
import { type AuditReport, createAudit } from '../audit/audit.ts'
import { restore } from '../backup/backup.ts'
import { analyticsSettings } from '../config/analytics-settings.ts'
import { loadConfig, processEnvironment } from '../config/config.ts'
import { systemClock, systemRandom } from '../platform/platform.ts'
import { auditText } from './audit.ts'
import { refusePostgres } from './backup.ts'
import { CommandFailure } from './command-failure.ts'
import { print, printJson } from './output.ts'

type Options = { readonly force?: true; readonly json?: true }

export const restoreCommand = (): Command =>
  new Command('restore')
    .description(
      'Put FILE in the place of the books. Refused while a server runs on them. The copy is checked and audited first, and the books that were there stay beside it as <name>.before-restore-<time>. With PostgreSQL it prints the command to run.',
    )
    .argument('<file>', 'what questline backup made')
    .option('--force', 'restore even when the audit of FILE finds something wrong')
    .option('--json', 'print one JSON document: {file, before, audit}')
    .addHelpText(
      'after',
      `
Examples:
  questline restore backups/monday.db
  DATA_DIR=/srv/standby questline restore /mnt/backup/app.db --json`,
    )
    .action(async (file: string, { force, json }: Options) => {
      refusePostgres('restore', file)
      const config = loadConfig(processEnvironment())
      const { database } = config.store
      if (database.kind !== 'sqlite') return
      const analytics = analyticsSettings(config)
      const parts = { random: systemRandom(), clock: systemClock }
      const { verified: audit, ...restored } = await restore(
        {
          ...parts,
          verify: async (store) => {
            const report = await createAudit({ store }).run()
            if (!report.ok && !force) throw refused(file, report)
            return report
          },
        },
        { from: file, to: database.file, derived: [analytics.file] },
      )
      if (json) return printJson({ ...restored, audit })
      const before = restored.before ? `\nthe books before are ${restored.before}` : ''
      await print(
        `restored ${restored.file}${before}\n${auditText(audit)}\n${NEXT[analytics.place.kind]}`,
      )
    })

const TRIM = 'a lake that is further than these books needs "questline lake trim"'
const NEXT = {
  sqlite: `the live numbers are counted anew; ${TRIM}`,
  postgres: `the analytics in PostgreSQL are of the books before: DROP SCHEMA analytics CASCADE, and they are counted anew; ${TRIM}`,
}

const refused = (file: string, report: AuditReport): CommandFailure =>
  new CommandFailure(
    1,
    `${file} is not clean, nothing was restored (--force does it all the same):\n${auditText(report)}`,
  )
