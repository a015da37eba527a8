import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withTables } from '../bench/harness/page.ts'
import { batchesOf } from '../bench/scale/batches.ts'
import {
  CONSTANTS,
  type ConstantName,
  type Constants,
  measuredOf,
  PROCESSES,
  record,
} from '../bench/scale/constants.ts'
import { microseconds, usedSince, usesOf } from '../bench/scale/meter.ts'
import { costsOf, PARTS, predictedCores, sharesOf, storedOf } from '../bench/scale/model.ts'
import { demandOfEvents, demandOfPlayers, planOf } from '../bench/scale/plan.ts'
import { tablesOf } from '../bench/scale/tables.ts'
import { writerUse } from '../bench/scale/writer-watch.ts'

const ROOT = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const NAMES = Object.keys(CONSTANTS) as ConstantName[]
/** 1 µs or byte of everything, and a tenth of all events are of two players. */
const ONES: Constants = { ...record(NAMES, () => 1), partsPerEvent: 1.1 }
const NONE = { events: 0, earns: 0, reads: 0, logins: 0 }
const ALIKE = record(PROCESSES, () => 100)

describe('the capacity model in docs/scale.md', () => {
  const { postgres } = JSON.parse(read('bench/scale/last-result.json'))

  it('has the tables that the last result gives', () => {
    const page = read('docs/scale.md')
    expect(withTables(page, 'bench/scale', tablesOf(postgres))).toBe(page)
  })

  it('warns of what the result warns of', () => {
    const warned = { ...postgres, remarks: ['said', '**beware**'] }
    expect(tablesOf(warned).run).toMatch(/; \d+ rounds?\.\n- \*\*beware\*\*$/)
    const at = (loadBefore: number) => ({ ...warned, machine: { ...warned.machine, loadBefore } })
    expect(tablesOf(at(3)).run).toContain('**with other work on them**')
    expect(tablesOf(at(0.1)).run).not.toContain('other work')
  })

  it('cannot be made of a result that lacks a measurement', () => {
    const some = postgres.figures.filter(
      ({ name }: { readonly name: string }) => name !== CONSTANTS.relayUs.name,
    )
    expect(() => measuredOf(some)).toThrow('nothing tells "relay: process"')
  })

  it('needs a place in the page for each of its tables', () => {
    const tables = { run: 'E', million: 'A', limits: 'B', check: 'C', plan: 'D' }
    const place = (name: string, text: string) =>
      `<!-- bench/scale: ${name} -->\n${text}\n<!-- end -->\n`
    const names = Object.keys(tables)
    const page = `before\n${names.map((name) => place(name, 'old')).join('between\n')}after\n`
    const filled = Object.entries(tables).map(([name, text]) => place(name, text))
    expect(withTables(page, 'bench/scale', tables)).toBe(
      `before\n${filled.join('between\n')}after\n`,
    )
    expect(() =>
      withTables(page.replace('scale: check', 'scale: x'), 'bench/scale', tables),
    ).toThrow('"check"')
  })
})

describe('the model', () => {
  it('asks twice as much for twice as much', () => {
    const once = { events: 1_000, earns: 200, reads: 30, logins: 4 }
    const twice = { events: 2_000, earns: 400, reads: 60, logins: 8 }
    for (const way of ['books', 'kafka'] as const) {
      const [one, two] = [costsOf(ONES, once, way), costsOf(ONES, twice, way)]
      for (const part of PARTS) {
        expect(two[part].cpuSeconds).toBeCloseTo(2 * one[part].cpuSeconds, 12)
        expect(two[part].networkBytes).toBeCloseTo(2 * one[part].networkBytes, 6)
      }
      const [few, many] = [storedOf(ONES, once, way), storedOf(ONES, twice, way)]
      expect(Object.values(many)).toEqual(Object.values(few).map((bytes) => 2 * bytes))
    }
  })

  it('adds up what an event by the books takes on its way', () => {
    const costs = costsOf(ONES, { ...NONE, events: 1e6 }, 'books')
    expect(Object.fromEntries(PARTS.map((part) => [part, round(costs[part].cpuSeconds)]))).toEqual({
      api: 1,
      // The event, and the relay that reads it.
      'postgres, books': 2,
      relay: 1,
      // Split sees it once, enrich each of its parts.
      quality: 2.1,
      // Ids or checkpoints of enrich, rows of Flink: for each part.
      'postgres, analytics': 2.2,
      // Written by the relay, read and written by split, by the lake; by enrich and Flink for each part.
      kafka: 5.2,
      flink: 1.1,
      lake: 1,
    })
  })

  it('lets events pass the books that go straight to Kafka, and no earn', () => {
    const straight = costsOf(ONES, { ...NONE, events: 1e6 }, 'kafka')
    expect(straight['postgres, books'].cpuSeconds).toBe(0)
    expect(straight.relay.cpuSeconds).toBe(0)
    const earns = { ...NONE, earns: 1e6 }
    expect(costsOf(ONES, earns, 'kafka')).toEqual(costsOf(ONES, earns, 'books'))
    expect(costsOf(ONES, earns, 'books').flink.cpuSeconds).toBeGreaterThan(0)
  })

  it('tells when the one writer of the books is full', () => {
    const constants = { ...ONES, earnWriterUs: 50, booksWriterUs: 10, loginWriterUs: 100 }
    const shareOf = (way: 'books' | 'kafka') =>
      sharesOf(constants, { events: 60_000, earns: 9_000, reads: 1e6, logins: 500 }, way)[
        'the one writer of the books'
      ]
    expect(shareOf('books')).toBeCloseTo(1.1)
    expect(shareOf('kafka')).toBeCloseTo(0.5)
  })

  it('predicts what rests where nothing comes', () => {
    expect(predictedCores(ONES, ALIKE, 0)).toEqual(ALIKE)
    const busy = predictedCores(ONES, ALIKE, 1e6)
    expect(busy.relay).toBeCloseTo(101)
    // Both halves of it.
    expect(busy.postgres).toBeCloseTo(104.2)
    expect(busy.jobmanager).toBe(100)
  })
})

describe('the plan', () => {
  const measured = {
    ...{ constants: ONES, restCores: ALIKE, restMb: ALIKE, loadMb: ALIKE, points: [] },
    lakeFiles: 3,
  }

  it('takes the worst hour of a day for cores, and the whole day for what is stored', () => {
    const { atPeak, perDay } = demandOfPlayers(864_000, 'books')
    expect(perDay).toEqual({
      events: 86_400_000,
      earns: 8_640_000,
      reads: 25_920_000,
      logins: 2_592_000,
    })
    expect(atPeak).toEqual({ events: 3_000, earns: 300, reads: 900, logins: 90 })
    expect(planOf(measured, demandOfPlayers(864_000, 'books')).lakePerDay).toBeCloseTo(95_040_000)
  })

  it('keeps processes below six tenths, and partitions at twice the replicas', () => {
    const plan = planOf(measured, demandOfEvents(1e6, 'kafka'))
    expect(plan.parts.quality).toMatchObject({ processes: 4, memoryMb: 400 })
    expect(plan.partitions).toBe(8)
    expect(plan.parts.kafka.cores).toBeCloseTo(3 * 5.2)
    // A day is 86.4 billion events: a batch of the lake is full after 0.2 s.
    expect(plan.lakeFilesPerDay).toBeCloseTo((86.4e9 / 200_000) * 3)
  })
})

const round = (value: number): number => Number(value.toFixed(9))

describe('the load of bench/scale', () => {
  it('is fifty events with ids and times of their own, of another batch each time', () => {
    const source = batchesOf('a-key', 7, 1)
    const [first, second] = [source(0, 0), source(0, 1)].map((request) => {
      const [head = '', body = ''] = String(request).split('\r\n\r\n')
      expect(head).toContain(`content-length: ${Buffer.byteLength(body)}`)
      return JSON.parse(body).events
    })
    const all = [...first, ...second]
    expect(all).toHaveLength(100)
    expect(new Set(all.map(({ event_id }) => event_id)).size).toBe(100)
    for (const { occurred_at } of all) {
      expect(Math.abs(Date.parse(occurred_at) - Date.now())).toBeLessThan(60_000)
    }
    expect(first).not.toEqual(second)
  })
})

describe('the looks at the one writer', () => {
  it('are shares of who holds it, and for whom he waits', () => {
    const look = { waiting: 1, connections: 4 }
    const use = writerUse([
      { ...look, holder: 'node' },
      { ...look, holder: 'node', waiting: 3 },
      { ...look, holder: 'disk', connections: 9 },
      { ...look, holder: null },
    ])
    expect(use).toEqual({
      ...{ held: 0.75, by: { node: 0.5, database: 0, disk: 0.25 } },
      ...{ waiting: 1.5, connectionsMax: 9 },
    })
  })
})

describe('the meter', () => {
  it('tells CPU time and bytes of a process since it was looked at', ({ skip }) => {
    if (!existsSync('/proc/self/io')) return skip('this system has no /proc')
    const folder = mkdtempSync(join(tmpdir(), 'questline-meter-'))
    const before = usesOf({ own: process.pid })
    const until = process.cpuUsage().user + 200_000
    while (process.cpuUsage().user < until);
    writeFileSync(join(folder, 'a-megabyte'), Buffer.alloc(1e6))
    const uses = usedSince(before, usesOf({ own: process.pid }))
    rmSync(folder, { recursive: true })
    expect(uses.get('own')?.bytes).toBeGreaterThanOrEqual(1e6)
    // The kernel counts in hundredths of a second.
    expect(microseconds(uses, 'own', 1)).toBeGreaterThan(180_000)
    expect(microseconds(uses, 'own', 10)).toBeCloseTo(microseconds(uses, 'own', 1) / 10)
  })
})
