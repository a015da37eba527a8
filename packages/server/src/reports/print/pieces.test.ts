import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createPieces, type Lines, printAhead, putText, writeLines, writePieces } from './print.ts'

const never = new Promise<never>(() => undefined)

const PIECES = 50
/** Some fit into a slot of this test, some do not. */
const SLOT_BYTES = 1_000
const textOf = (piece: number): string => `${piece}:${'é'.repeat(piece * 20)}\n`
const ALL = Array.from({ length: PIECES }, (_value, piece) => textOf(piece)).join('')

/** Prints pieces, and remembers which. */
function printer() {
  const printed: number[] = []
  const print = (lines: Lines, piece: number): void => {
    printed.push(piece)
    putText(lines, textOf(piece))
  }
  return { print, printed }
}

/** The file that `writing` makes. */
async function written(writing: (path: string) => Promise<unknown>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'questline-pieces-'))
  try {
    const path = join(folder, 'file')
    await writing(path)
    return readFileSync(path, 'utf8')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

it('whoever writes prints all pieces where nobody helps', async () => {
  const { print, printed } = printer()
  const pieces = createPieces(PIECES, SLOT_BYTES)
  const text = await written((path) => writeLines(path, (file) => writePieces(pieces, print, file)))
  expect(text).toBe(ALL)
  expect(printed).toEqual(Array.from({ length: PIECES }, (_value, piece) => piece))
})

it('what was printed ahead is written in its place, between what stands before and behind', async () => {
  const [own, other] = [printer(), printer()]
  const pieces = createPieces(PIECES, SLOT_BYTES)
  const helping = printAhead(pieces, other.print, never)
  const ahead = [...other.printed]
  const text = await written((path) =>
    writeLines(path, (file) => {
      putText(file, '<')
      writePieces(pieces, own.print, file)
      putText(file, '>')
    }),
  )
  await helping
  expect(text).toBe(`<${ALL}>`)
  // Not more than there is room for, and nothing twice.
  expect(ahead).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  const tookOwn = own.printed.filter((piece) => !other.printed.includes(piece))
  expect([...other.printed, ...tookOwn].sort((a, b) => a - b)).toHaveLength(PIECES)
})

it('a piece that does not fit into its slot is printed again by whoever writes', async () => {
  const [own, other] = [printer(), printer()]
  const pieces = createPieces(3, 50)
  await printAhead(pieces, other.print, never)
  const text = await written((path) =>
    writeLines(path, (file) => writePieces(pieces, own.print, file)),
  )
  expect(text).toBe([0, 1, 2].map(textOf).join(''))
  expect(own.printed).toEqual([2])
})

it('who prints ahead waits for nobody that has failed', async () => {
  const pieces = createPieces(PIECES, SLOT_BYTES)
  const failure = Promise.reject(new Error('the disk is full'))
  await expect(printAhead(pieces, printer().print, failure)).rejects.toThrow('the disk is full')
})
