import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { RunError } from '../runs/runs.ts'
import { createSpillFile, type SpillFile } from './spill-file.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'questline-spill-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const HEAD_BYTES = 8

/** A record that says `value` and is filled with it. */
function put(file: SpillFile, stream: number, value: number, bytes: number): void {
  const slot = file.put(stream, HEAD_BYTES + bytes)
  slot.ints[(slot.at >> 2) + 1] = value
  slot.bytes.fill(value, slot.at + HEAD_BYTES, slot.at + HEAD_BYTES + bytes)
}

/** The values of a stream, with the last byte of each record. */
function valuesOf(file: SpillFile, stream: number, bytesOf: (value: number) => number) {
  const values: number[] = []
  const reader = file.read(stream)
  while (reader.next()) {
    const { at, ints, bytes } = reader.slot
    const value = ints[(at >> 2) + 1] as number
    values.push(value)
    expect(bytes[at + HEAD_BYTES + bytesOf(value) - 1]).toBe(value & 0xff)
  }
  expect(reader.next()).toBe(false)
  return values
}

it('records come back by stream in the order in which they came, whatever their size', () => {
  const file = createSpillFile(join(folder, 'rows'), 3)
  const bytesOf = (value: number): number => 1 + ((value * 7_919) % 90_000)
  const values = Array.from({ length: 300 }, (_value, index) => index)
  for (const value of values) put(file, value % 2, value, bytesOf(value))
  for (const stream of [0, 1, 2]) file.end(stream)
  for (const stream of [0, 1]) {
    const own = values.filter((value) => value % 2 === stream)
    expect(valuesOf(file, stream, bytesOf)).toEqual(own)
    // As often as somebody asks, as for the two files that are merged from the same rows.
    expect(valuesOf(file, stream, bytesOf)).toEqual(own)
  }
  expect(valuesOf(file, 2, bytesOf)).toEqual([])
  file.close()
})

it('a file has no name from the start, so that it is gone however the process ends', () => {
  const file = createSpillFile(join(folder, 'rows'), 1)
  put(file, 0, 1, 100_000)
  expect(readdirSync(folder)).toEqual([])
  file.close()
})

it('a full disk is a failure in one line that says what to do', () => {
  symlinkSync('/dev/full', join(folder, 'rows'))
  const file = createSpillFile(join(folder, 'rows'), 1)
  const spill = (): void => {
    put(file, 0, 1, 10)
    file.end(0)
  }
  expect(spill).toThrow(RunError)
  expect(spill).toThrow(/^rows that do not fit into memory .* ENOSPC.* REPORTS_MEMORY_MB higher$/)
  file.close()
})
