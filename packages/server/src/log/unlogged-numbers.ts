import { LIMITS } from '@questline/contracts'
import { insertStatement, type Read, shared, type Tx } from '../store/store.ts'
import type { Outcome } from './game-event.ts'
import type { NewGameEvents } from './record-game-events.ts'

const INSERT = insertStatement(
  'log.insert-unlogged-numbers',
  'unlogged_numbers',
  {
    log_offset: 'bigint',
    app: 'text',
    device_id: 'text',
    seq: 'bigint',
    sdk: 'text',
    version: 'text',
  },
  'ON CONFLICT DO NOTHING',
)
const KEY = 'log_offset, app, device_id, seq'
const PAGE_ROWS = 5_000
const READ = shared(
  'log.unlogged-numbers',
  `SELECT log_offset AS "offset", app, device_id AS "deviceId", seq, sdk, version
  FROM unlogged_numbers WHERE (${KEY}) > ($1, $2, $3, $4) AND log_offset <= $5
  ORDER BY ${KEY} LIMIT ${PAGE_ROWS}`,
)

/** A device's own number of an event that arrived and has no place in the log. */
export type UnloggedNumber = {
  /** Of the next event that was logged: it counts before that one. */
  readonly offset: number
  readonly app: string
  readonly deviceId: string
  readonly seq: number
  /** Empty where it was not said, as the version of the game. */
  readonly sdk: string
  readonly version: string
}

/** Writes the numbers of what arrived and is not logged. Most that arrives is, and costs nothing here. */
export async function insertUnloggedNumbers(
  tx: Tx,
  inputs: readonly NewGameEvents[],
  outcomes: readonly (readonly Outcome[])[],
  nextOffset: number,
): Promise<void> {
  const rows = inputs.flatMap((input, index) =>
    unloggedOf(input, outcomes[index] ?? []).flatMap((text) => {
      const number = numberOf(text)
      if (number === null) return []
      const { app, sdk } = input.delivery
      return [[nextOffset, app, number.deviceId, number.seq, sdk ?? '', number.version]]
    }),
  )
  await tx.run(INSERT, rows)
}

/** The JSON of each. A plain duplicate is in the log already, with its number. */
const unloggedOf = ({ refused, events }: NewGameEvents, outcomes: readonly Outcome[]): string[] => [
  ...refused.map(({ raw }) => Buffer.from(raw).toString()),
  ...outcomes.flatMap((outcome, index) => {
    const isUnlogged =
      outcome.kind !== 'accepted' && (outcome.kind === 'conflict' || outcome.byTransaction)
    return isUnlogged ? (events[index]?.text ?? []) : []
  }),
]

/** Whatever was refused may be anything: null for what has no number that could be counted. */
function numberOf(text: string): Pick<UnloggedNumber, 'deviceId' | 'seq' | 'version'> | null {
  const event = parsed(text)
  if (typeof event !== 'object' || event === null || !('seq' in event)) return null
  const { seq } = event
  const deviceId = 'device_id' in event ? event.device_id : null
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1) return null
  if (!isName(deviceId, LIMITS.deviceIdCharsMax)) return null
  const version = 'app_version' in event ? event.app_version : null
  return { deviceId, seq, version: isName(version, LIMITS.appVersionCharsMax) ? version : '' }
}

const isName = (value: unknown, charsMax: number): value is string =>
  typeof value === 'string' &&
  value.length > 0 &&
  value.length <= charsMax &&
  value.isWellFormed() &&
  !value.includes('\0')

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Those that belong before the events from `first` to `last`, in their order, some thousands at a time. */
export async function* unloggedNumbers(
  read: Read,
  { first, last }: { readonly first: number; readonly last: number },
): AsyncGenerator<readonly UnloggedNumber[]> {
  let after: readonly [number, string, string, number] = [first, '', '', 0]
  for (;;) {
    const rows = await read<UnloggedNumber>(READ, [...after, last])
    if (rows.length > 0) yield rows
    const end = rows.at(-1)
    if (end === undefined || rows.length < PAGE_ROWS) return
    after = [end.offset, end.app, end.deviceId, end.seq]
  }
}
