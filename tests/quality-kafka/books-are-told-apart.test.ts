import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { restore } from '../../packages/server/src/backup/backup.ts'
import { systemRandom } from '../../packages/server/src/platform/platform.ts'
import { adoptTopics } from '../../packages/server/src/relay/relay.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { DATABASES, freshSqlite } from '../database.ts'
import { openTestAnalytics } from '../pipeline/consumers.ts'
import { type GameLog, NOON, openGameLog } from '../pipeline/game-log.ts'
import { openWholeWay, type WholeWay } from './whole-way.ts'

describe('topics that hold events of books', () => {
  let folder: string
  let log: GameLog
  let analytics: Store
  let way: WholeWay
  let closing: (() => Promise<void>)[] = []

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'questline-'))
    log = await openGameLog({ fresh: freshSqlite })
    analytics = await openTestAnalytics(join(folder, 'analytics.db'))
    way = await openWholeWay({ books: log.store, analytics, folder, rules: [] })
    closing = [log.close, analytics.close]
  })
  afterEach(async () => {
    for (const close of closing) await close()
    rmSync(folder, { recursive: true })
  })

  /** The same brokers and analytics, other books. */
  const wayOf = async ({ store: books }: GameLog): Promise<WholeWay> => {
    await way.relay.lease.release()
    return openWholeWay({ books, analytics, folder, rules: [], broker: way.kafka })
  }
  const opened = async (database: (typeof DATABASES)[number]): Promise<GameLog> => {
    const other = await openGameLog(database)
    closing.push(other.close)
    return other
  }
  /** The books in a file, as it is now. */
  const copyAt = async (file: string): Promise<GameLog> => {
    await log.store.backup(file)
    return opened({ name: 'sqlite', fresh: async () => inFile(file) })
  }
  const inFile = (file: string) => ({ url: `sqlite:///${file}`, drop: async () => undefined })
  const play = ({ games }: GameLog, ...players: readonly string[]) =>
    games(...players.map((player) => ({ type: 'level_up', player, at: NOON })))
  const adopt = ({ store: books }: GameLog) =>
    adoptTopics(
      { books, analytics, kafka: way.kafka, random: systemRandom(), now: () => NOON },
      way.topics['events-raw'],
    )
  const players = () =>
    way
      .enriched()
      .map(({ user_id }) => user_id)
      .toSorted()

  it.each(DATABASES)('are refused to other books on $name, until they are let in', async (on) => {
    await play(log, 'a1', 'a2', 'a3')
    await way.settle()
    const other = await opened(on)
    await play(other, 'b1', 'b2', 'b3', 'b4', 'b5')
    const its = await wayOf(other)
    await expect(its.settle()).rejects.toThrow(
      /holds events of the books [\w-]{16}, and these are others.*`questline kafka adopt`/,
    )
    expect(await adopt(other)).toMatchObject({ is: 'others' })
    await its.settle()
    await its.settle()
    expect(players()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'b4', 'b5'])
    expect(await adopt(other)).toEqual({ is: 'ours' })
  })

  it('are refused to an older copy that has gone on, and from there on it counts as new', async () => {
    await play(log, 'a1', 'a2')
    const copy = await copyAt(join(folder, 'copy.db'))
    await play(log, 'a3', 'a4')
    await way.settle()
    await play(copy, 'b3', 'b4', 'b5')
    const its = await wayOf(copy)
    await expect(its.settle()).rejects.toThrow(/other events than these books from offset 3 on/)
    expect(await adopt(copy)).toEqual({ is: 'forked', from: 3 })
    await its.settle()
    await play(copy, 'b6')
    await its.settle()
    expect(players()).toEqual(['a1', 'a2', 'a3', 'a4', 'b3', 'b4', 'b5', 'b6'])
  })

  it('are refused to an older copy that has not gone on yet', async () => {
    await play(log, 'a1', 'a2')
    const copy = await copyAt(join(folder, 'copy.db'))
    await play(log, 'a3')
    await way.settle()
    const its = await wayOf(copy)
    await expect(its.settle()).rejects.toThrow(/3 events .* and it has only 2: these are other/)
    expect(await adopt(copy)).toEqual({ is: 'forked', from: 3 })
    await play(copy, 'b3')
    await its.settle()
    expect(players()).toEqual(['a1', 'a2', 'a3', 'b3'])
  })

  it('take what is restored with `questline restore` as new from there on', async () => {
    await play(log, 'a1', 'a2')
    await log.store.backup(join(folder, 'backup.db'))
    await play(log, 'a3')
    await way.settle()
    const file = join(folder, 'restored.db')
    await restore(
      {
        random: systemRandom(),
        clock: { now: () => NOON, monotonic: () => 0 },
        verify: async () => 0,
      },
      { from: join(folder, 'backup.db'), to: file, derived: [] },
    )
    const restored = await opened({ name: 'sqlite', fresh: async () => inFile(file) })
    // Their analytics are made anew too, so the relay begins at the beginning.
    const empty = await openTestAnalytics(join(folder, 'other.db'))
    closing.push(empty.close)
    await way.relay.lease.release()
    const its = await openWholeWay({
      ...{ books: restored.store, analytics: empty, folder, rules: [], broker: way.kafka },
    })
    await play(restored, 'b3')
    await its.settle()
    expect(players()).toEqual(['a1', 'a2', 'a3', 'b3'])
  })

  it('that what went past the books fills up are looked through', async () => {
    await play(log, 'a1')
    await way.settle()
    for (let each = 0; each < 500; each += 1) await way.sendForeign('{}', NOON)
    // With our header, and nothing of ours.
    for (const text of ['no JSON', '{"offset":"x"}', 'null']) await way.sendOurs('game\na1', text)
    const other = await opened({ name: 'sqlite', fresh: freshSqlite })
    const its = await wayOf(other)
    await play(other, 'b1')
    await expect(its.settle()).rejects.toThrow(/holds events of the books/)
  })

  it('are those of a relay that starts again', async () => {
    await play(log, 'a1', 'a2')
    await way.settle()
    await play(log, 'a3')
    const again = await wayOf(log)
    await again.settle()
    expect(players()).toEqual(['a1', 'a2', 'a3'])
  })
})
