import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { anEvent, anIntent, aPosting, NOON } from '../../../../tests/builders.ts'
import { DATABASES, type FreshDatabase } from '../../../../tests/database.ts'
import { openTestStore } from '../../../../tests/open-store.ts'
import { plainSql } from '../../../../tests/plain-sql.ts'
import { createLedger } from '../ledger/ledger.ts'
import { createLog } from '../log/log.ts'
import { systemClock } from '../platform/platform.ts'
import { createWriter, migrate, type Store } from '../store/store.ts'
import {
  createAudit,
  createStandingAudit,
  type Discrepancy,
  type StandingAuditSettings,
} from './audit.ts'

type Books = {
  readonly url: string
  readonly store: Store
  readonly ledger: ReturnType<typeof createLedger>
  readonly log: ReturnType<typeof createLog>
}

describe.each(DATABASES)('the audit on $name', ({ name, fresh }) => {
  const opened: { database: FreshDatabase; store: Store }[] = []
  afterEach(async () => {
    for (const { database, store } of opened.splice(0)) {
      await store.close()
      await database.drop()
    }
  })

  /** Three players with coins and gems, a refusal under a key, an event under a key. */
  async function someBooks(): Promise<Books> {
    const database = await fresh()
    const store = openTestStore(database.url)
    opened.push({ database, store })
    await migrate(store, systemClock.now)
    const players = ['alice', 'bob', 'carol'].map((id) => `('${id}', ${NOON})`)
    await plainSql(
      database.url,
      `INSERT INTO players (player_id, created_at) VALUES ${players.join(', ')}`,
    )
    const onFatal = (error: Error) => {
      throw error
    }
    const writer = createWriter(
      { store, monotonic: systemClock.monotonic, onFatal },
      { commitWritesMax: 256 },
    )
    const log = createLog({ store, writer })
    const ledger = createLedger({ store, writer, append: log.append })
    await ledger.post(aPosting({ amount: 10, intent: anIntent('first') }))
    await ledger.post(aPosting({ playerId: 'bob', amount: 30 }))
    await ledger.post(aPosting({ amount: 20, intent: anIntent('second') }))
    await ledger.post(aPosting({ currency: 'gems', amount: 5 }))
    await ledger.post(aPosting({ kind: 'spend', amount: 4 }))
    await ledger.post(aPosting({ kind: 'adjust', playerId: 'bob', amount: 12 }))
    await ledger.post(aPosting({ playerId: 'carol', amount: 1 }))
    await ledger.post(aPosting({ kind: 'spend', amount: 9_999, intent: anIntent('refused') }))
    await log.record(anEvent({ intent: anIntent('event', { route: '/event' }) }))
    await log.record(anEvent({ occurredAt: NOON - 40 * 86_400_000, playerId: null }))
    // Two events before 1970: a player's clock can say anything.
    await log.record(anEvent({ occurredAt: -1 }))
    await log.record(anEvent({ occurredAt: -3_600_001 }))
    return { url: database.url, store, ledger, log }
  }

  it('finds nothing in sound books and says how much it checked', async () => {
    const { store } = await someBooks()

    expect(await createAudit({ store }).run()).toEqual({
      ok: true,
      checked: { players: 3, accounts: 4, entries: 7, events: 11 },
      discrepancies: [],
      more: false,
    })
  })

  it('finds nothing in empty books', async () => {
    const database = await fresh()
    const store = openTestStore(database.url)
    opened.push({ database, store })
    await migrate(store, systemClock.now)

    const { ok, checked } = await createAudit({ store }).run()

    expect({ ok, checked }).toEqual({
      ok: true,
      checked: { players: 0, accounts: 0, entries: 0, events: 0 },
    })
  })

  it('finds nothing across many pages, where accounts lie over their edges', async () => {
    const { store, ledger } = await someBooks()
    const postings = Array.from({ length: 1_700 }, (_, i) =>
      aPosting({
        playerId: i % 3 === 0 ? 'bob' : 'alice',
        currency: i % 5 === 0 ? 'gems' : 'coins',
        intent: anIntent(`many-${i}`),
      }),
    )
    await Promise.all(postings.map((posting) => ledger.post(posting)))

    const { ok, checked } = await createAudit({ store }).run()

    expect({ ok, entries: checked.entries }).toEqual({ ok: true, entries: 1_707 })
  })

  it('is consistent while the books are written, in full and standing', async () => {
    const { store, ledger, log } = await someBooks()
    let writing = true
    const writers = ['alice', 'bob'].map(async (playerId) => {
      for (let i = 0; writing; i += 1) {
        const intent = anIntent(`busy-${i}`, { caller: playerId })
        await Promise.all([
          ...Array.from({ length: 10 }, () => ledger.post(aPosting({ playerId, amount: 1 }))),
          ledger.post(aPosting({ playerId, currency: 'gems', intent })),
          log.record(anEvent({ playerId })),
        ])
        await sleep(2)
      }
    })
    const audit = createAudit({ store })
    const standing = aStandingAudit(store)

    const found: Discrepancy[] = []
    let checked = 0
    const until = systemClock.monotonic() + 1_000
    while (systemClock.monotonic() < until) {
      found.push(...(await standing.slice()))
      const report = await audit.run()
      found.push(...report.discrepancies)
      checked = report.checked.entries
      await sleep(5)
    }
    writing = false
    await Promise.all(writers)

    expect(found).toEqual([])
    expect(checked).toBeGreaterThan(100)
  })

  const isSqlite = name === 'sqlite'
  const unguarded = isSqlite
    ? ['DROP TRIGGER ledger_entries_no_update', 'DROP TRIGGER ledger_entries_no_delete']
    : ['DROP TRIGGER ledger_entries_no_change ON ledger_entries']
  const unchecked = isSqlite
    ? ['PRAGMA ignore_check_constraints = ON']
    : ['ALTER TABLE balances DROP CONSTRAINT balances_balance_check']

  const COINS_OF_ALICE = "player_id = 'alice' AND currency = 'coins'"
  const faults: readonly {
    readonly fault: string
    readonly sql: readonly string[]
    /** Kind and account of everything that is found. */
    readonly finds: readonly string[]
    /** What the standing audit finds of it; the rest needs the whole log at one moment. */
    readonly standing: readonly string[]
  }[] = [
    {
      fault: 'a balance that was raised by hand',
      sql: [`UPDATE balances SET balance = balance + 1000 WHERE ${COINS_OF_ALICE}`],
      finds: ['balance-differs alice coins'],
      standing: ['balance-differs alice coins'],
    },
    {
      fault: 'a negative balance',
      sql: [...unchecked, `UPDATE balances SET balance = -1 WHERE ${COINS_OF_ALICE}`],
      finds: ['balance-differs alice coins', 'balance-negative alice coins'],
      standing: ['balance-differs alice coins', 'balance-negative alice coins'],
    },
    {
      fault: 'a balance that was removed',
      sql: [`DELETE FROM balances WHERE ${COINS_OF_ALICE}`],
      finds: ['balance-missing alice coins'],
      standing: ['balance-missing alice coins'],
    },
    {
      fault: 'a balance out of nothing',
      sql: ["INSERT INTO balances VALUES ('carol', 'gems', 500, 1, 0, 0)"],
      finds: ['entries-missing carol gems'],
      standing: ['entries-missing carol gems'],
    },
    {
      fault: 'an entry whose amount was changed',
      sql: [...unguarded, 'UPDATE ledger_entries SET amount = 21 WHERE entry_id = 3'],
      finds: ['chain-broken alice coins', 'balance-differs alice coins'],
      standing: ['balance-differs alice coins'],
    },
    {
      fault: 'an entry that says another balance after it',
      sql: [...unguarded, 'UPDATE ledger_entries SET balance_after = 31 WHERE entry_id = 3'],
      finds: ['chain-broken alice coins', 'chain-broken alice coins'],
      standing: [],
    },
    {
      fault: 'an entry that says a negative balance after it',
      sql: [...unguarded, 'UPDATE ledger_entries SET balance_after = -1 WHERE entry_id = 5'],
      finds: ['chain-broken alice coins', 'balance-negative alice coins'],
      standing: [],
    },
    {
      fault: 'two entries with one version',
      sql: [...unguarded, 'UPDATE ledger_entries SET version = 1 WHERE entry_id = 3'],
      finds: ['version-gap alice coins', 'version-gap alice coins'],
      standing: [],
    },
    {
      fault: 'an entry removed from the middle',
      sql: [...unguarded, 'DELETE FROM ledger_entries WHERE entry_id = 3'],
      finds: [
        'version-gap alice coins',
        'version-gap alice coins',
        'chain-broken alice coins',
        'balance-differs alice coins',
        'entry-missing alice ',
      ],
      standing: ['version-gap alice coins', 'balance-differs alice coins'],
    },
    {
      fault: 'the newest entry removed',
      sql: [...unguarded, 'DELETE FROM ledger_entries WHERE entry_id = 5'],
      finds: ['balance-differs alice coins', 'version-gap alice coins', 'entry-missing alice '],
      standing: ['balance-differs alice coins', 'version-gap alice coins'],
    },
    {
      fault: 'an account that was set back to an earlier balance',
      sql: [`UPDATE balances SET balance = 30 WHERE ${COINS_OF_ALICE}`],
      finds: ['balance-differs alice coins'],
      standing: ['balance-differs alice coins'],
    },
    {
      fault: 'an account that was set back to an earlier state',
      sql: [`UPDATE balances SET balance = 30, version = 2 WHERE ${COINS_OF_ALICE}`],
      finds: ['balance-differs alice coins', 'version-gap alice coins'],
      // To it the later entries look like those that came after it read the account.
      standing: [],
    },
    {
      fault: 'an entry on another account',
      sql: [...unguarded, "UPDATE ledger_entries SET player_id = 'bob' WHERE entry_id = 5"],
      finds: [
        'balance-differs alice coins',
        'version-gap alice coins',
        'balance-differs bob coins',
        'version-gap bob coins',
        'version-gap bob coins',
        'version-gap bob coins',
        'chain-broken bob coins',
        'event-differs bob coins',
      ],
      standing: ['balance-differs alice coins', 'version-gap alice coins'],
    },
    {
      fault: 'an event of an entry with another type',
      sql: ["UPDATE event_log SET event_type = 'gift' WHERE log_offset = 5"],
      finds: ['event-differs alice coins', 'count-differs  ', 'count-differs  '],
      standing: ['balance-differs alice coins', 'version-gap alice coins'],
    },
    {
      fault: 'an event of an entry with another player',
      sql: ["UPDATE event_log SET player_id = 'carol' WHERE log_offset = 5"],
      finds: ['event-differs alice coins'],
      standing: ['balance-differs alice coins', 'version-gap alice coins'],
    },
    {
      fault: 'an event of an entry without its player',
      sql: ['UPDATE event_log SET player_id = NULL WHERE log_offset = 5'],
      finds: ['event-differs alice coins'],
      standing: ['balance-differs alice coins', 'version-gap alice coins'],
    },
    {
      fault: 'an event of an entry that was removed',
      sql: ['DELETE FROM event_log WHERE log_offset = 5'],
      finds: ['event-missing alice coins', 'log-gap  ', 'count-differs  '],
      standing: ['balance-differs alice coins', 'version-gap alice coins'],
    },
    {
      fault: 'the newest event removed',
      sql: ['DELETE FROM event_log WHERE log_offset = 11'],
      finds: ['log-gap  ', 'count-differs  '],
      standing: [],
    },
    {
      fault: 'a head of the log that was set back',
      sql: ['UPDATE log_head SET log_offset = 10'],
      finds: ['log-beyond-head  '],
      standing: [],
    },
    {
      fault: 'a head of the log that was set forward',
      sql: ['UPDATE log_head SET log_offset = 20'],
      finds: ['log-gap  '],
      standing: [],
    },
    {
      fault: 'one key on two entries',
      sql: [
        ...unguarded,
        'DROP INDEX ledger_entries_key',
        'UPDATE ledger_entries SET key_scope = (SELECT key_scope FROM ledger_entries WHERE entry_id = 1) WHERE entry_id = 3',
      ],
      finds: ['key-repeated alice '],
      standing: [],
    },
    {
      fault: 'one key on two events',
      sql: [
        'DROP INDEX event_log_key',
        'UPDATE event_log SET key_scope = (SELECT key_scope FROM event_log WHERE log_offset = 8) WHERE log_offset = 9',
      ],
      finds: ['key-repeated alice '],
      standing: [],
    },
    {
      fault: 'one key on an entry and an event',
      sql: [
        'UPDATE event_log SET key_scope = (SELECT key_scope FROM ledger_entries WHERE entry_id = 3) WHERE log_offset = 9',
      ],
      finds: ['key-repeated alice '],
      standing: [],
    },
    {
      fault: 'a refusal under the key of an entry',
      sql: [
        'UPDATE idempotency_keys SET key_scope = (SELECT key_scope FROM ledger_entries WHERE entry_id = 3)',
      ],
      finds: ['key-repeated alice '],
      standing: [],
    },
    {
      fault: 'a refusal under the key of an event',
      sql: [
        'UPDATE idempotency_keys SET key_scope = (SELECT key_scope FROM event_log WHERE log_offset = 8)',
      ],
      finds: ['key-repeated alice '],
      standing: [],
    },
    {
      fault: 'a count that is too high',
      sql: ["UPDATE event_counts SET events = events + 1 WHERE event_type = 'adjust'"],
      finds: ['count-differs  '],
      standing: [],
    },
    {
      fault: 'counts of an app and of an hour without events',
      sql: [
        "INSERT INTO event_counts VALUES ('ghost', 3600000, 'boo', 1)",
        `INSERT INTO event_counts VALUES ('default', ${NOON + 999 * 3_600_000}, 'boo', 1)`,
      ],
      finds: ['count-differs  ', 'count-differs  '],
      standing: [],
    },
    {
      fault: 'a count of an hour that no clock shows',
      sql: ["INSERT INTO event_counts VALUES ('default', 9000000000000000, 'boo', 1)"],
      finds: ['count-differs  '],
      standing: [],
    },
    {
      fault: 'a count that was removed',
      sql: ["DELETE FROM event_counts WHERE event_type = 'adjust'"],
      finds: ['count-differs  '],
      standing: [],
    },
  ]

  it.each(faults)('finds $fault', async ({ sql, finds, standing }) => {
    const { url, store } = await someBooks()
    await plainSql(url, ...sql)

    const report = await createAudit({ store }).run()

    expect(report.ok).toBe(false)
    expect(names(report.discrepancies).toSorted()).toEqual(finds.toSorted())
    expect(report.more).toBe(false)
    expect(names(await aStandingAudit(store).slice()).toSorted()).toEqual(standing.toSorted())
  })

  it('lists the first 1,000 discrepancies and says that there are more', async () => {
    const { url, store } = await someBooks()
    const rows = Array.from({ length: 1_200 }, (_, i) => `('p${i}', 'coins', 1, 1, 0, 0)`)
    await plainSql(url, `INSERT INTO balances VALUES ${rows.join(', ')}`)

    const report = await createAudit({ store }).run()

    expect(report.discrepancies).toHaveLength(1_000)
    expect(report.more).toBe(true)
  })

  it('goes round all accounts in slices, and keeps what it found until a round finds nothing', async () => {
    const { url, store, ledger } = await someBooks()
    await Promise.all(Array.from({ length: 1_200 }, () => ledger.post(aPosting({ amount: 1 }))))
    await plainSql(url, `UPDATE balances SET balance = balance + 7 WHERE player_id = 'alice'`)
    const audit = aStandingAudit(store, { slicePagesMax: 2 })
    const slicesOfRound = async (): Promise<number> => {
      // Alice has two accounts of three pages each; then bob's, carol's, and three of the ledger.
      for (let slices = 1; slices <= 6; slices += 1) await audit.slice()
      return audit.discrepancies()
    }

    expect(audit.auditedAt()).toBeNull()
    expect(await slicesOfRound()).toBe(2)
    expect(audit.auditedAt()).toBe(NOON)

    await plainSql(url, `UPDATE balances SET balance = balance - 7 WHERE player_id = 'alice'`)
    await audit.slice()
    expect(audit.discrepancies()).toBe(2)
    for (let slices = 2; slices <= 6; slices += 1) await audit.slice()
    expect(audit.discrepancies()).toBe(0)
  })

  it('says of each account that is gone once, however many entries it has', async () => {
    const { url, store, ledger } = await someBooks()
    await Promise.all(Array.from({ length: 1_200 }, () => ledger.post(aPosting({ amount: 1 }))))
    await plainSql(url, 'DELETE FROM balances')
    const audit = aStandingAudit(store)

    const found = names(await audit.slice()).toSorted()
    expect(found).toEqual([...new Set(found)])
    expect(found).toContain('balance-missing alice coins')
    expect(audit.discrepancies()).toBe(found.length)
  })

  it('begins no more accounts in one slice than it may', async () => {
    const { store } = await someBooks()
    const audit = aStandingAudit(store, { sliceAccountsMax: 2 })

    for (let slices = 1; slices <= 2; slices += 1) await audit.slice()
    expect(audit.auditedAt()).toBeNull()
    await audit.slice()
    expect(audit.auditedAt()).toBe(NOON)
  })
})

const aStandingAudit = (store: Store, changes: Partial<StandingAuditSettings> = {}) =>
  createStandingAudit(
    { read: store.read, now: () => NOON },
    { sliceAccountsMax: 200, slicePagesMax: 200, ...changes },
  )

const names = (discrepancies: readonly Discrepancy[]): string[] =>
  discrepancies.map(({ kind, playerId, currency }) => `${kind} ${playerId ?? ''} ${currency ?? ''}`)
