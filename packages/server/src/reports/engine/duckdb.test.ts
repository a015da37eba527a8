import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type OpenLane, withLane } from '../../../../../tests/reports/lane.ts'
import { list, text } from './engine.ts'

/** A statement takes some steps before it runs, and after. */
const someSteps = () => new Promise((resolve) => setTimeout(resolve, 50))

describe('files outside the folders', () => {
  const refused = /Permission Error/

  it('cannot be read, nor through the folder', () =>
    withLane(async ({ engine, folder, outside }) => {
      writeFileSync(join(outside, 'secret.csv'), 'a\n1\n')
      const read = (path: string) => engine.rows(`SELECT * FROM read_csv(${text(path)})`)
      await expect(read(join(outside, 'secret.csv'))).rejects.toThrow(refused)
      await expect(read(`${folder}/../outside/secret.csv`)).rejects.toThrow(refused)
      await expect(engine.rows(`FROM glob(${text(`${outside}/*`)})`)).rejects.toThrow(refused)
    }))

  it('cannot be written or attached', () =>
    withLane(async ({ engine, outside }) => {
      const path = join(outside, 'stolen.csv')
      await expect(engine.run(`COPY (SELECT 1) TO ${text(path)}`)).rejects.toThrow(refused)
      await expect(engine.run(`ATTACH ${text(join(outside, 'a.db'))}`)).rejects.toThrow(refused)
      expect(existsSync(path)).toBe(false)
    }))

  it('stay out of reach: no statement gives itself other settings', () =>
    withLane(async ({ engine }) => {
      await expect(engine.run('SET enable_external_access = true')).rejects.toThrow()
      await expect(engine.run("SET allowed_directories = ['/']")).rejects.toThrow()
      await expect(engine.run("SET TimeZone = 'Asia/Tokyo'")).rejects.toThrow()
    }))

  it('are other ones than those of the folders, which it reads and writes', () =>
    withLane(async ({ engine, folder }) => {
      const path = join(folder, "it's.csv")
      await engine.run(`COPY (SELECT 7 AS a) TO ${text(path)} (FORMAT csv)`)
      expect(readFileSync(path, 'utf8')).toBe('a\n7\n')
      expect(await engine.rows(`SELECT * FROM read_csv(${text(path)})`)).toEqual([{ a: 7n }])
    }))

  it('may be in a folder that only begins like an allowed one', () =>
    withLane(async ({ engine, folder }) => {
      const path = `${folder}-beside.csv`
      writeFileSync(path, 'a\n1\n')
      await expect(engine.rows(`SELECT * FROM read_csv(${text(path)})`)).rejects.toThrow(refused)
    }))
})

describe('lanes', () => {
  const counting = (rows: number) => `SELECT count(*) FROM range(${rows}) WHERE hash(range) = 1`

  it('run at once: a short statement ends while a long one of another lane runs', () =>
    withLane(async ({ database, engine }) => {
      const other = await database.connect()
      let isLongDone = false
      const note = (): void => {
        isLongDone = true
      }
      engine.run(counting(1e9)).then(note, note)
      await someSteps()
      expect(await other.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
      await someSteps()
      expect(isLongDone).toBe(false)
    }))

  it('append while a statement of theirs runs', () =>
    withLane(async ({ engine }) => {
      await engine.run('CREATE TABLE names (name VARCHAR)')
      const long = engine.rows(counting(1e8))
      const appender = await engine.appender('names')
      appender.appendVarchar('ann')
      appender.endRow()
      appender.closeSync()
      await long
      expect(await engine.rows('FROM names')).toEqual([{ name: 'ann' }])
    }))

  it('see the tables of one another, but not those of another database', () =>
    withLane(async ({ database, engine }) => {
      await engine.run('CREATE TABLE names AS SELECT 1 AS n')
      expect(await (await database.connect()).rows('FROM names')).toEqual([{ n: 1 }])
      await withLane(async (apart: OpenLane) => {
        await expect(apart.engine.rows('FROM names')).rejects.toThrow('names')
      })
    }))

  it('stream an answer in its order, of no rows too', () =>
    withLane(async ({ engine }) => {
      const sizes: number[] = []
      const query = 'SELECT range::DOUBLE AS n FROM range(5000)'
      await engine.stream(`${query} ORDER BY n`, (chunk) => sizes.push(chunk.rowCount))
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(5_000)
      await engine.stream(`${query} WHERE n < 0`, () => expect.unreachable())
    }))
})

describe('closing', () => {
  it('interrupts a statement that runs, and waits for its end', async () => {
    let ended: Promise<string> = Promise.resolve('')
    await withLane(async ({ engine }) => {
      const endless = 'SELECT count(*) FROM range(1000000000000) WHERE hash(range) = 1'
      ended = engine.rows(endless).then(
        () => 'done',
        (error: Error) => error.message,
      )
      await someSteps()
    })
    expect(await Promise.race([ended, 'still running'])).toContain('Interrupted')
  })

  it('lets no statement begin', async () => {
    let late: OpenLane['engine'] | undefined
    await withLane(async ({ engine }) => {
      late = engine
    })
    await expect(late?.run('SELECT 1')).rejects.toThrow('the database is being closed')
    await expect(late?.appender('names')).rejects.toThrow('the database is being closed')
  })
})

describe('times', () => {
  it('without zone are UTC, whatever the zone of the machine', () =>
    withLane(async ({ engine }) => {
      const query = "SELECT epoch_us('2026-03-10 12:00:00'::TIMESTAMPTZ) AS instant"
      expect(await engine.rows(query)).toEqual([{ instant: 1_773_144_000_000_000n }])
    }))
})

describe('texts', () => {
  it.each(["it's", "''", 'a"b', '\\', 'a\nb', '😀', '', '$1 ? ; -- x'])(
    '%j is a literal that reads as itself',
    (value) =>
      withLane(async ({ engine }) => {
        const query = `SELECT ${text(value)} AS one, [${list([value, value])}][2] AS other`
        expect(await engine.rows(query)).toEqual([{ one: value, other: value }])
      }),
  )
})
