import { Command } from 'commander'
import { type Config, loadConfig, processEnvironment } from '../config/config.ts'
import { describeRoles } from '../config/roles.ts'
import type { Questline } from '../main.ts'
import { VERSION } from '../version.ts'
import { describeDatabase } from './describe-database.ts'
import { openDoors } from './doors.ts'
import { print, printJson, table } from './output.ts'
import { serve } from './serve.ts'

export const startCommand = (): Command =>
  new Command('start')
    .description(
      'Run the server until SIGTERM or Ctrl-C: it then takes nothing new, answers what it has, commits what is queued and ends with 0. A second signal, or STOP_DEADLINE_MS, forces it. Settings come from the environment and from .env in this folder; .env.example explains them all.',
    )
    .option(
      '--role <roles>',
      'what this process does: all, or some of api, relay, quality, lake, reports, by commas; instead of ROLE. Parts need PostgreSQL: see docs/scale.md',
    )
    .option(
      '--json',
      'print one JSON document when it listens: {address, role, database, environment, openDoors}',
    )
    .addHelpText(
      'after',
      `
Examples:
  questline start
  PORT=9000 DATA_DIR=/srv/questline questline start
  questline start --role api                  many of them, beside one --role quality,lake,reports
  ENVIRONMENT=production questline start      names every setting that production lacks`,
    )
    .action(async ({ json, role }: { readonly json?: true; readonly role?: string }) => {
      const settings = processEnvironment()
      const config = loadConfig(role === undefined ? settings : { ...settings, ROLE: role })
      await serve(config, async (server) => {
        const facts = factsOf(config, server)
        const { logger } = server.books.world
        for (const line of config.misspelt) logger.warn(line)
        logger.info({ version: VERSION, ...facts }, 'listening')
        if (json) await printJson(facts)
        else if (process.stdout.isTTY) await print(welcome(config, server))
        return 'stay'
      })
    })

const factsOf = (config: Config, { address }: Questline) => ({
  address,
  role: describeRoles(config.roles),
  database: describeDatabase(config),
  environment: config.environment,
  openDoors: openDoors(config).map(({ setting }) => setting),
})

function welcome(config: Config, { address }: Questline): string {
  const doors = openDoors(config).map(({ setting, open }) => [setting, open])
  const open =
    doors.length === 0
      ? 'No door is open.'
      : `Open doors (${config.environment}); each is closed by its setting, as ${doors[0]?.[0]}=off:\n${table(doors, '  ')}`
  const facts = table(
    [
      ['database', describeDatabase(config)],
      ...(config.roles.includes('api')
        ? [['documentation', `${address}/docs  ${address}/redoc  ${address}/openapi.json`]]
        : []),
      ['operations', `${address}/health  ${address}/metrics`],
    ],
    '  ',
  )
  const role = describeRoles(config.roles)
  const does = role === 'all' ? '' : ` as ${role}`
  return `Questline ${VERSION} listens on ${address}${does}\n${facts}\n\n${open}\n\nCtrl-C stops it.`
}
