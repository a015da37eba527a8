// The command `questline`, whose reports compute what the data folder's name asks for. Everything but
// the computing is the real thing.
import { join } from 'node:path'
import { reportsCommand } from '../../packages/server/src/cli/reports.ts'
import { runCommand } from '../../packages/server/src/cli/run-command.ts'
import { toldCompute } from './plain-reports.ts'

export const PLAIN_QUESTLINE = [
  process.execPath,
  join(import.meta.dirname, 'plain-questline.ts'),
] as const

if (import.meta.main) {
  const load = async () => reportsCommand({ loadCompute: async () => toldCompute })
  await runCommand(process.argv.slice(2), [{ name: 'reports', summary: 'plain reports', load }])
}
