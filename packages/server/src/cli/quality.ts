import { Command, InvalidArgumentError } from 'commander'
import { catchUp } from '../analytics/analytics.ts'
import { newestOffset } from '../log/log.ts'
import { print, printJson, table } from './output.ts'
import {
  findRefusal,
  listRefusals,
  type Refusal,
  type RefusalWithText,
} from './quality-refusals.ts'
import { type Replayed, replayRefusal } from './quality-replay.ts'
import { qualityStatus, type StatusRow } from './quality-status.ts'
import { type OpenedAnalytics, withAnalytics } from './with-analytics.ts'

export function qualityCommand(): Command {
  const quality = new Command('quality').description(
    'Events that were refused: by the door (d1, d2, …: they never entered the log), by the rules of quality (q1, q2, …: they are in the log and count nowhere), and whatever came over Kafka and never was in the log (k1, k2, …).',
  )
  quality.addCommand(listCommand())
  quality.addCommand(showCommand())
  quality.addCommand(replayCommand())
  quality.addCommand(statusCommand())
  return quality
}

/** With the numbers up to the end of the log; on Kafka as far as quality is there. */
const upToDate = <T>(work: (opened: OpenedAnalytics) => Promise<T>): Promise<T> =>
  withAnalytics(async (opened) => {
    if (opened.config.kafka === null) {
      await catchUp(opened.consumers.stages, await newestOffset(opened.store.read))
    }
    return work(opened)
  })

type ListOptions = {
  readonly limit: number
  readonly by?: string
  readonly all?: true
  readonly json?: true
}

const listCommand = (): Command =>
  new Command('list')
    .summary('list refused events, the newest first')
    .description('List refused events, the newest first. Replayed ones only with --all.')
    .option('--limit <n>', 'so many of each kind at the most', count, 50)
    .option('--by <door|quality>', 'only those that one of them refused', refuser)
    .option('--all', 'also those that were replayed')
    .option('--json', 'print one JSON document: {refused: […]}')
    .addHelpText(
      'after',
      `
Examples:
  questline quality list
  questline quality list --by quality --limit 10
  questline quality list --json | jq '.refused[].reason'`,
    )
    .action(async ({ limit, by, all, json }: ListOptions) => {
      const refused = await upToDate((opened) =>
        listRefusals(opened, { limit, by: by ?? null, all: all === true }),
      )
      await (json ? printJson({ refused }) : print(listText(refused)))
    })

function listText(refused: readonly Refusal[]): string {
  if (refused.length === 0) return 'no event is refused'
  return table([
    ['ID', 'APP', 'TYPE', 'EVENT ID', 'REASON', 'PATH', 'RECEIVED', 'STATUS'],
    ...refused.map((each) => [
      ...[each.id, each.app, each.event_type ?? '', each.event_id ?? ''],
      ...[each.reason, each.path ?? '', each.received_at, each.status],
    ]),
  ])
}

const showCommand = (): Command =>
  new Command('show')
    .summary('show one refused event with its untouched bytes')
    .description('Show one refused event: why, from whom, and its bytes as they came.')
    .argument('<id>', 'as `quality list` shows it')
    .option('--json', 'print one JSON document, with the bytes as text in "raw"')
    .addHelpText('after', '\nExample:\n  questline quality show q4711')
    .action(async (id: string, { json }: { readonly json?: true }) => {
      const found = await upToDate((opened) => findRefusal(opened, id))
      await (json ? printJson(found) : print(showText(found)))
    })

function showText({ raw, ...facts }: RefusalWithText): string {
  const rows = Object.entries(facts).flatMap(([name, value]) =>
    value === null ? [] : [[name, String(value)]],
  )
  return `${table(rows)}\n\n${raw}`
}

type ReplayOptions = {
  readonly set?: readonly string[]
  readonly file?: string
  readonly json?: true
}

const replayCommand = (): Command =>
  new Command('replay')
    .summary('put a refused event right and let it in, under its id, once')
    .description(
      'Put a refused event right and let it in under its own id. Done twice, it counts once. What quality refused keeps the times at which it came.',
    )
    .argument('<id>', 'as `quality list` shows it')
    .option(
      '--set <path=value>',
      'change a field, nested ones by dots; the value is JSON, or else text; may be repeated',
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .option('--file <fixed.json>', 'the whole event as it should be')
    .option('--json', 'print one JSON document: {id, outcome, event_id}')
    .addHelpText(
      'after',
      `
Exit code 1 means that it would be refused again, and why; nothing has changed then.

Examples:
  questline quality replay q4711 --set product_id=gems_100
  questline quality replay d12 --set amount_micros=4990000 --set currency=EUR
  questline quality replay q4711 --file fixed.json`,
    )
    .action(async (id: string, { set = [], file, json }: ReplayOptions) => {
      const replayed = await upToDate((opened) =>
        replayRefusal(opened, id, { set, file: file ?? null }),
      )
      await (json ? printJson(replayed) : print(replayText(replayed)))
    })

const replayText = ({ id, outcome, event_id }: Replayed): string =>
  outcome === 'replayed'
    ? `${id} is replayed as ${event_id}`
    : `${id} was replayed before; it counts once`

type StatusOptions = { readonly minutes: number; readonly app?: string; readonly json?: true }

const statusCommand = (): Command =>
  new Command('status')
    .summary('accepted = enriched + refused + waiting, per app and minute of arrival')
    .description(
      'What the door took in and what became of it, per app and minute of arrival: received = accepted + duplicates + conflicts + rejected, and accepted = enriched + refused by quality + waiting.',
    )
    .option('--minutes <n>', 'so many minutes up to now', count, 60)
    .option('--app <id>', 'of one app')
    .option('--json', 'print one JSON document: {minutes: […]}')
    .addHelpText('after', '\nExample:\n  questline quality status --minutes 10 --app my-game')
    .action(async ({ minutes, app, json }: StatusOptions) => {
      const rows = await withAnalytics((opened) =>
        qualityStatus(opened, { minutes, app: app ?? null }),
      )
      await (json ? printJson({ minutes: rows }) : print(statusText(rows)))
    })

function statusText(rows: readonly StatusRow[]): string {
  if (rows.length === 0) return 'nothing arrived'
  return table([
    [
      'APP',
      'MINUTE',
      'RECEIVED',
      'ACCEPTED',
      'DUPLICATES',
      'CONFLICTS',
      'REJECTED',
      'ENRICHED',
      'REFUSED',
      'WAITING',
    ],
    ...rows.map((row) =>
      [
        ...[row.app, row.minute, row.received, row.accepted, row.duplicates, row.conflicts],
        ...[row.rejected, row.enriched, row.refused, row.waiting],
      ].map(String),
    ),
  ])
}

function count(text: string): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (number > 0) return number
  throw new InvalidArgumentError('It is a whole number from 1 to 999999.')
}

function refuser(text: string): string {
  if (text === 'door' || text === 'quality') return text
  throw new InvalidArgumentError('It is door or quality.')
}
