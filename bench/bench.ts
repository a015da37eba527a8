import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect, parseArgs } from 'node:util'
import { MissingRequirement } from '../scripts/scale/requirements.ts'
import { earnBench } from './earn/run.ts'
import {
  type Bench,
  createLab,
  describeMachine,
  findCores,
  type Report,
  renderReport,
  saveReport,
  sqliteDatabases,
  startPostgresDatabases,
  writeShortfalls,
} from './harness/harness.ts'
import { httpBench } from './http/run.ts'
import { ingestBench } from './ingest/run.ts'
import { createLakeBench, LAKE_EVENTS } from './lake/run.ts'
import { loginBench } from './login/run.ts'
import { createReportsBench, type ReportsBenchSettings } from './reports/run.ts'
import { SIZES, SIZES_DEFAULT, sizesOf } from './reports/sizes.ts'
import { scaleBench } from './scale/run.ts'
import { sdkBench } from './sdk/run.ts'
import { createSoakBench } from './soak/run.ts'
import { windowsBench } from './windows/run.ts'

const PYTHON_DEFAULT = process.env['BENCH_PYTHON'] || 'python3'

const benchesWith = (reports: ReportsBenchSettings, lakeEvents: number): readonly Bench[] => [
  ...[httpBench, earnBench, ingestBench, loginBench, windowsBench, sdkBench],
  createLakeBench({ events: lakeEvents }),
  createReportsBench(reports),
]
const BENCHES = benchesWith({ sizes: sizesOf(SIZES_DEFAULT), python: PYTHON_DEFAULT }, LAKE_EVENTS)
const SOAK_MINUTES_DEFAULT = 20
const SOAK = createSoakBench({ minutes: SOAK_MINUTES_DEFAULT, rate: null })
/** Too long to be part of all, or in need of what not every machine has. */
const ONLY_BY_NAME = [scaleBench, SOAK]
const ROUNDS = 3
const WARMUP_SECONDS = 1
const SECONDS_DEFAULT = 4

const HELP = `Usage: npm run bench -- [${BENCHES.map(({ name }) => name).join('|')}]... [options]

Measures the real server with its durability on, and keeps the result in the folder of each
benchmark. Takes about fifteen minutes; without a name it runs all:
${BENCHES.map(({ name, question }) => `  ${name.padEnd(7)} ${question}`).join('\n')}
and only by its name:
${ONLY_BY_NAME.map(({ name, question }) => `  ${name.padEnd(7)} ${question}`).join('\n')}

  --seconds N   measured seconds of each round (${SECONDS_DEFAULT}); less is quicker and noisier
  --postgres    on PostgreSQL instead of SQLite
  --sizes LIST  reports: of how many purchases, of ${SIZES.map(({ name }) => name).join(', ')} (${SIZES_DEFAULT})
  --events N    lake: of how many events (${LAKE_EVENTS})
  --minutes N   soak: how long (${SOAK_MINUTES_DEFAULT})
  --rate N      soak: events a second, instead of half the knee
  --python PATH reports: a Python that has pandas, pyarrow and polars (BENCH_PYTHON, or python3)
  --json        print the reports as JSON
  --help        print this

Exit code: 0 when everything was measured, whatever the figures; 1 when something broke, such as
an answer other than 2xx; 2 when the command is wrong, or scale has no JDK or Maven.
`

type Command = {
  readonly benches: readonly Bench[]
  readonly seconds: number
  readonly postgres: boolean
  readonly json: boolean
}

class WrongCommand extends Error {}

/** @throws WrongCommand, or the TypeError of parseArgs, that tells what is wrong */
function readCommand(args: readonly string[]): Command | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: String(SECONDS_DEFAULT) },
      postgres: { type: 'boolean', default: false },
      sizes: { type: 'string', default: SIZES_DEFAULT },
      events: { type: 'string', default: String(LAKE_EVENTS) },
      minutes: { type: 'string', default: String(SOAK_MINUTES_DEFAULT) },
      rate: { type: 'string' },
      python: { type: 'string', default: PYTHON_DEFAULT },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const seconds = Number(values.seconds)
  if (!(seconds >= 1 && seconds <= 3_600)) throw new WrongCommand('--seconds takes 1 to 3600')
  const known = [...BENCHES, ...ONLY_BY_NAME]
  const unknown = positionals.find((name) => !known.some((bench) => bench.name === name))
  if (unknown !== undefined) throw new WrongCommand(`there is no benchmark "${unknown}"`)
  const events = Number(values.events)
  if (!(events >= 10_000 && events <= 100_000_000)) {
    throw new WrongCommand('--events takes 10000 to 100000000')
  }
  const all = benchesWith({ sizes: sizesIn(values.sizes), python: values.python }, events)
  const minutes = Number(values.minutes)
  if (!(minutes >= 0.5 && minutes <= 10_080)) throw new WrongCommand('--minutes takes 0.5 to 10080')
  const rate = values.rate === undefined ? null : Number(values.rate)
  if (rate !== null && !(rate >= 50 && rate <= 1_000_000)) {
    throw new WrongCommand('--rate takes 50 to 1000000')
  }
  const benches =
    positionals.length === 0
      ? all
      : [...all, scaleBench, createSoakBench({ minutes, rate })].filter(({ name }) =>
          positionals.includes(name),
        )
  return { benches, seconds, postgres: values.postgres, json: values.json }
}

function sizesIn(names: string): ReportsBenchSettings['sizes'] {
  try {
    return sizesOf(names)
  } catch (error) {
    throw error instanceof RangeError ? new WrongCommand(error.message) : error
  }
}

async function run(command: Command): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'questline-bench-'))
  const clear = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      clear()
      process.exit(130)
    })
  }
  try {
    const reports = await measureAll(command, folder)
    if (command.json) process.stdout.write(`${JSON.stringify(reports, null, 2)}\n`)
  } finally {
    clear()
  }
}

async function measureAll(command: Command, folder: string): Promise<Report[]> {
  const cores = findCores()
  const say = (text: string) => void process.stderr.write(`  ${text}\n`)
  await using databases = command.postgres
    ? await startPostgresDatabases(cores.server)
    : sqliteDatabases
  const settings = { rounds: ROUNDS, warmupSeconds: WARMUP_SECONDS, seconds: command.seconds }
  const machine = describeMachine(cores, folder)
  const reports: Report[] = []
  for (const bench of command.benches) {
    process.stderr.write(`bench/${bench.name}: ${bench.question}\n`)
    const lab = createLab({ ...settings, cores, databases, folder, say })
    const figures = await bench.measure(lab)
    const report: Report = {
      bench: bench.name,
      question: bench.question,
      database: bench.database ?? databases.kind,
      ...(bench.variant === undefined ? {} : { variant: bench.variant }),
      date: new Date().toISOString(),
      ...settings,
      machine,
      servers: lab.describeServers(),
      remarks: lab.remarks,
      figures,
    }
    saveReport(bench.folder, report)
    bench.publish?.(report)
    writeShortfalls()
    if (!command.json) process.stdout.write(`\n${renderReport(report)}\n`)
    reports.push(report)
  }
  return reports
}

try {
  const command = readCommand(process.argv.slice(2))
  if (command === 'help') process.stdout.write(HELP)
  else await run(command)
} catch (error) {
  const isWrong = error instanceof WrongCommand || (error instanceof TypeError && 'code' in error)
  const isMissing = error instanceof MissingRequirement
  const words = isMissing ? error.message : inspect(error)
  process.stderr.write(`${isWrong ? `${error.message}\n\n${HELP}` : words}\n`)
  process.exitCode = isWrong || isMissing ? 2 : 1
}
