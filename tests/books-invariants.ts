// What must be true of the books at rest, computed anew from their rows with plain SQL and with
// none of the server's code, so that it finds the server's faults instead of repeating them.
import { gameEventViolations, readBatches } from './game-events-invariants.ts'
import { openPlainSql, type PlainSql, type SqlRow } from './plain-sql.ts'

const BALANCE_MAX = 2n ** 53n - 1n
const HOUR_MS = 3_600_000n
const MOVEMENTS = ['earn', 'spend', 'adjust']

/** Everything that is wrong with the books of `url`, one sentence each; empty when nothing is. */
export async function booksViolations(url: string): Promise<string[]> {
  const sql = await openPlainSql(url)
  // All as of one moment, so that the check may run while the server writes.
  const begin = { sqlite: 'BEGIN', postgres: 'BEGIN ISOLATION LEVEL REPEATABLE READ' } as const
  try {
    await sql.rows(begin[sql.dialect])
    return await violationsIn(sql)
  } finally {
    await sql.close()
  }
}

/** As `booksViolations`, within the transaction that `sql` is in. */
export async function violationsIn(sql: PlainSql): Promise<string[]> {
  const books = await readBooks(sql)
  return [
    ...chainViolations(books),
    ...balanceViolations(books),
    ...logViolations(books),
    ...movementViolations(books),
    ...postbackViolations(books),
    ...countViolations(books),
    ...keyViolations(books),
    ...(await gameEventViolations(sql)),
  ]
}

type Books = Awaited<ReturnType<typeof readBooks>>

async function readBooks(sql: PlainSql) {
  const read = (text: string): Promise<SqlRow[]> => sql.rows(text)
  return {
    entries: await read('SELECT * FROM ledger_entries ORDER BY entry_id'),
    balances: await read('SELECT * FROM balances'),
    log: await read('SELECT * FROM event_log ORDER BY log_offset'),
    head: (await read('SELECT log_offset FROM log_head')).map((row) => row['log_offset']),
    batches: await readBatches(sql),
    counts: await read('SELECT * FROM event_counts'),
    refusals: await read('SELECT key_scope FROM idempotency_keys'),
    postbacks: await read('SELECT postback_id FROM raw_postbacks'),
    players: (await read('SELECT count(*) AS n FROM players'))[0]?.['n'],
    playerCount: (await read('SELECT players FROM player_count')).map((row) => row['players']),
  }
}

const integer = (row: SqlRow, column: string): bigint => {
  const value = row[column]
  if (typeof value !== 'bigint') throw new Error(`${column} is ${typeof value}, not an integer`)
  return value
}
const account = (row: SqlRow): string => `${row['player_id']} (${row['currency']})`

function grouped(rows: readonly SqlRow[], name: (row: SqlRow) => string): Map<string, SqlRow[]> {
  const groups = new Map<string, SqlRow[]>()
  for (const row of rows) {
    const group = groups.get(name(row))
    if (group) group.push(row)
    else groups.set(name(row), [row])
  }
  return groups
}

/** Each account's entries are a chain: versions 1, 2, 3 … and each balance the one before plus the amount. */
function chainViolations({ entries }: Books): string[] {
  const found: string[] = []
  for (const [name, chain] of grouped(entries, account)) {
    let balance = 0n
    chain.forEach((entry, index) => {
      const id = `entry ${entry['entry_id']} of ${name}`
      const version = integer(entry, 'version')
      if (version !== BigInt(index + 1))
        found.push(`${id} has version ${version}, not ${index + 1}`)
      const amount = integer(entry, 'amount')
      const after = integer(entry, 'balance_after')
      if (after !== balance + amount) found.push(`${id}: ${balance} + ${amount} became ${after}`)
      if (after < 0n || after > BALANCE_MAX) found.push(`${id} left a balance of ${after}`)
      const sign = { earn: amount > 0n, spend: amount < 0n, adjust: true }[String(entry['kind'])]
      if (!sign) found.push(`${id} is a ${entry['kind']} of ${amount}`)
      balance = after
    })
  }
  return found
}

/** A balance is the sum of its entries, and its version their number. */
function balanceViolations({ entries, balances }: Books): string[] {
  const found: string[] = []
  const chains = grouped(entries, account)
  for (const row of balances) {
    const name = account(row)
    const chain = chains.get(name) ?? []
    chains.delete(name)
    const sum = chain.reduce((total, entry) => total + integer(entry, 'amount'), 0n)
    const balance = integer(row, 'balance')
    if (balance !== sum)
      found.push(`the balance of ${name} is ${balance}, its entries add up to ${sum}`)
    if (balance < 0n || balance > BALANCE_MAX) found.push(`the balance of ${name} is ${balance}`)
    const version = integer(row, 'version')
    if (version !== BigInt(chain.length) || chain.length === 0) {
      found.push(`${name} has version ${version} and ${chain.length} entries`)
    }
  }
  for (const name of chains.keys()) found.push(`${name} has entries and no balance`)
  return found
}

/** Offsets are 1, 2, 3 … up to the head, over single events and batches. */
function logViolations({ log, batches, head }: Books): string[] {
  const found: string[] = []
  if (head.length !== 1) found.push(`the log has ${head.length} heads`)
  const offsets = [
    ...log.map((row) => integer(row, 'log_offset')),
    ...batches.flatMap(({ events }) => events.map(({ offset }) => BigInt(offset))),
  ].sort((a, b) => Number(a - b))
  if (head[0] !== BigInt(offsets.length)) {
    found.push(`the log has ${offsets.length} rows, its head is ${head[0]}`)
  }
  offsets.forEach((offset, index) => {
    if (offset !== BigInt(index + 1)) found.push(`row ${index + 1} of the log has offset ${offset}`)
  })
  return found
}

/** Movements in the ledger and in the log are one to one, and say the same. */
function movementViolations({ entries, log }: Books): string[] {
  const found: string[] = []
  const movements = log.filter((row) => MOVEMENTS.includes(String(row['event_type'])))
  const logged = new Map(movements.map((row) => [row['log_offset'], row]))
  for (const entry of entries) {
    const id = `entry ${entry['entry_id']}`
    const event = logged.get(entry['entry_id'])
    logged.delete(entry['entry_id'])
    if (!event) {
      found.push(`${id} has no event`)
      continue
    }
    const same =
      event['event_type'] === entry['kind'] &&
      event['player_id'] === entry['player_id'] &&
      event['occurred_at'] === entry['created_at'] &&
      event['payload'] === payloadOf(entry)
    if (!same) found.push(`${id} and its event differ`)
  }
  for (const offset of logged.keys()) found.push(`event ${offset} is a movement without an entry`)
  return found
}

function payloadOf(entry: SqlRow): string {
  const reason = entry['reason'] === null ? '' : `,"reason":${JSON.stringify(entry['reason'])}`
  return `{"amount":${entry['amount']},"currency":"${entry['currency']}","balance":${entry['balance_after']}${reason}}`
}

/** Each stored postback has its event, and each event of a postback its stored bytes. */
function postbackViolations({ postbacks, log }: Books): string[] {
  const events = new Set(
    log
      .filter((row) => String(row['event_type']).startsWith('af_'))
      .map((row) => row['log_offset']),
  )
  const found = postbacks
    .filter((row) => !events.delete(row['postback_id']))
    .map((row) => `postback ${row['postback_id']} has no event`)
  for (const offset of events) found.push(`event ${offset} has no postback`)
  return found
}

/** The kept counts are what counting gives. */
function countViolations({ log, counts, players, playerCount }: Books): string[] {
  const found: string[] = []
  const name = (app: unknown, hour: bigint, type: unknown) => `${type} of ${app} in hour ${hour}`
  const counted = grouped(log, (row) => {
    const at = integer(row, 'occurred_at')
    const hour = at - (((at % HOUR_MS) + HOUR_MS) % HOUR_MS)
    return name(row['app'], hour, row['event_type'])
  })
  for (const row of counts) {
    const group = name(row['app'], integer(row, 'hour'), row['event_type'])
    const real = counted.get(group)?.length ?? 0
    counted.delete(group)
    if (row['events'] !== BigInt(real)) found.push(`${group}: ${row['events']} kept, ${real} there`)
  }
  for (const [group, rows] of counted) found.push(`${group}: none kept, ${rows.length} there`)
  if (playerCount.length !== 1 || playerCount[0] !== players) {
    found.push(`${playerCount} players kept, ${players} there`)
  }
  return found
}

/** One key, one outcome: an entry, an event or a refusal. */
function keyViolations({ entries, log, refusals }: Books): string[] {
  const keyed = [...entries, ...log, ...refusals].filter((row) => row['key_scope'] !== null)
  return [...grouped(keyed, (row) => JSON.stringify(row['key_scope']))]
    .filter(([, rows]) => rows.length > 1)
    .map(([scope, rows]) => `key ${scope} has ${rows.length} outcomes`)
}
