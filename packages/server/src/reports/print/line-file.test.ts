import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ink, type LineFile, put, putText, writeLines } from './print.ts'

/** The file that `print` makes. */
async function written(print: (file: LineFile) => void): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'questline-lines-'))
  try {
    const path = join(folder, "it's a file.json")
    await writeLines(path, async (file) => print(file))
    return readFileSync(path, 'utf8')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

it('a file has what was printed, nothing of nothing', async () => {
  expect(await written((file) => putText(file, 'a,"é€😀\ufeff"\r\n'))).toBe('a,"é€😀\ufeff"\r\n')
  expect(await written(() => undefined)).toBe('')
})

it('lines that fill many sheets stay whole and in their order', async () => {
  const lines = Array.from({ length: 300_000 }, (_value, n) => `${n},x\n`)
  const text = await written((file) => {
    for (const line of lines) {
      const piece = ink(line)
      file.makeRoom(piece.length)
      put(file.sheet, piece)
    }
  })
  expect(text === lines.join('')).toBe(true)
})

it('a line may be longer than a sheet', async () => {
  const long = 'é'.repeat(3 << 20)
  const text = await written((file) => {
    for (const piece of ['before\n', long, '\nbehind']) putText(file, piece)
  })
  expect(text === `before\n${long}\nbehind`).toBe(true)
})

it('what was there before is gone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'questline-lines-'))
  const path = join(folder, 'file')
  for (const text of ['long enough', 'short']) {
    await writeLines(path, async (file) => putText(file, text))
  }
  expect(readFileSync(path, 'utf8')).toBe('short')
  rmSync(folder, { recursive: true, force: true })
})
