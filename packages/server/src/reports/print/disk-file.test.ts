import { constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BLOCK_BYTES, createDiskFile, type DiskWays } from './disk-file.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'questline-disk-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** No two pages of it are alike. */
const TEXT = Buffer.from(Uint32Array.from({ length: 3_000_000 }, (_value, n) => n).buffer)
/** No whole part of a block. */
const PIECE_BYTES = 70_001

/** What is in a file to which the first bytes of the text were written in pieces. */
async function written(bytes: number, isWaiting: boolean, ways?: DiskWays): Promise<Buffer> {
  const path = join(folder, 'file')
  const file = createDiskFile(path, ways)
  try {
    for (let from = 0; from < bytes; from += PIECE_BYTES) {
      const behind = isWaiting ? file.ready() : null
      if (behind !== null) await behind
      const piece = Uint8Array.from(TEXT.subarray(from, Math.min(bytes, from + PIECE_BYTES)))
      file.write(piece)
      // Only a copy may be left.
      piece.fill(0xff)
    }
    await file.end()
  } finally {
    await file.close()
  }
  return readFileSync(path)
}

const pageBlock = (bytes: number) =>
  new Uint8Array(new ArrayBuffer(bytes, { maxByteLength: bytes }))
const plainly = (path: string): number => openSync(path, constants.O_WRONLY)

/** A disk of which some file systems know nothing, and memory that it does not take. */
const WAYS: readonly (readonly [string, DiskWays | undefined])[] = [
  ['as it can be done here', undefined],
  ['by the page cache', { openDirect: () => null, blockOf: pageBlock }],
  ['by threads', { openDirect: plainly, blockOf: pageBlock }],
  [
    'from memory that no disk takes',
    {
      openDirect: (path) => openSync(path, constants.O_WRONLY | (constants.O_DIRECT ?? 0)),
      blockOf: (bytes) => new Uint8Array(new ArrayBuffer(bytes + 8), 8),
    },
  ],
]

describe.each(WAYS)('a file that is written %s', (_name, ways) => {
  const lengths = [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 9 * BLOCK_BYTES + 4_096]
  it.each(lengths.flatMap((bytes) => [[bytes, true] as const, [bytes, false] as const]))(
    'has its %i bytes in their order, whether the disk is waited for (%s)',
    async (bytes, isWaiting) => {
      const found = await written(bytes, isWaiting, ways)
      expect(found.equals(TEXT.subarray(0, bytes))).toBe(true)
    },
  )
})

it('what the disk does not take while the next block is filled fails the file at its end', async () => {
  let opened = 0
  const file = createDiskFile(join(folder, 'file'), {
    openDirect(path) {
      opened = plainly(path)
      return opened
    },
    blockOf: pageBlock,
  })
  file.write(TEXT.subarray(0, BLOCK_BYTES))
  // Takes the place of the file under its number, and can only be read.
  const { closeSync } = await import('node:fs')
  closeSync(opened)
  expect(openSync(join(folder, 'file'), 'r')).toBe(opened)
  file.write(TEXT.subarray(0, 2 * BLOCK_BYTES))
  await expect(file.end()).rejects.toMatchObject({ code: 'EBADF', syscall: 'write' })
  await file.close()
})
