// npm run scale:up | scale:down: the engines on this machine. docs/scale.md tells how.
import { parseArgs } from 'node:util'
import { playDemo } from './demo.ts'
import {
  keepMinutes,
  MissingRequirement,
  removeData,
  scaleSettings,
  startEngines,
  stopEngines,
} from './engines.ts'
import { readState } from './state.ts'

const HELP = `PostgreSQL, Kafka and Flink on this machine, on loopback, without Docker, and on them two API
nodes, the relay, quality, the lake and the job of minutes.

  npm run scale:up                 start them; what runs already stays
  npm run scale:up -- --engines    without those of questline
  npm run scale:demo               play the simulated game on them, with live tables, until Ctrl-C
  npm run scale:down               stop exactly what was started
  npm run scale:down -- --data     and remove their data

JDK 17+ and Maven are needed. Ports, memory and folders are settings: docs/scale.md lists them.
`

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

const COMMANDS: Readonly<Record<string, () => Promise<void>>> = {
  async up() {
    const settings = scaleSettings(process.env)
    const engines = await startEngines(settings, { say })
    if (!values.engines) await engines.startNodes()
    const memory = engines.resident().map(({ name, mb }) => `${name} ${mb ?? '?'} MB`)
    say(`in memory: ${memory.join(', ')}\n\nSettings for questline:`)
    const lines = Object.entries(engines.addresses).map(([name, value]) => `${name}=${value}`)
    process.stdout.write(`${lines.join('\n')}\n`)
  },
  async demo() {
    const settings = scaleSettings(process.env)
    const isOurs = readState(settings.folder) === null
    try {
      const engines = await startEngines(settings, { say })
      await engines.startNodes()
      process.exitCode = await playDemo(engines)
    } finally {
      // One that was there before stays.
      if (isOurs) {
        await keepMinutes(settings, say)
        await stopEngines(settings.folder, { say })
      }
    }
  },
  async down() {
    const settings = scaleSettings(process.env)
    await keepMinutes(settings, say)
    await stopEngines(settings.folder, { say })
    if (values.data) removeData(settings.folder)
  },
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { data: { type: 'boolean' }, engines: { type: 'boolean' }, help: { type: 'boolean' } },
})
const [name = ''] = positionals
const command = COMMANDS[name]
if (values.help || command === undefined) {
  process.stdout.write(HELP)
  process.exitCode = values.help ? 0 : 2
} else {
  try {
    await command()
  } catch (error) {
    const isOurs = error instanceof MissingRequirement || error instanceof Error
    say(`scale: ${isOurs ? error.message : String(error)}`)
    process.exitCode = error instanceof MissingRequirement ? 2 : 1
  }
}
