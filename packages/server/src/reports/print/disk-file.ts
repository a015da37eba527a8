import { closeSync, constants, fdatasync, fsync, openSync, write, writeSync } from 'node:fs'
import { promisify } from 'node:util'

/** A file that is written from its first byte to its last. */
export type DiskFile = {
  /** Takes a copy. */
  write(bytes: Uint8Array): void
  /** What to wait for before more is written, where the disk has fallen behind. */
  ready(): Promise<void> | null
  /** Brings all of it to disk. */
  end(): Promise<void>
  close(): Promise<void>
}

/** How blocks get to the disk; tests take the other ways. */
export type DiskWays = {
  /** Opens a file that exists, past the page cache; null where that cannot be done. */
  openDirect(path: string): number | null
  /** Memory from which a disk can be written, so many bytes. */
  blockOf(bytes: number): Uint8Array
}

/** A whole number of the blocks of any disk; writes of 128 KiB took a third longer. */
export const BLOCK_BYTES = 1 << 19
/** On their way to the disk while the next is filled. */
const FLYING_MAX = 3
/**
 * Written at once to the page cache. The system took three times as long for writes of 1 MiB, on a virtual
 * machine: they get large pieces of memory, which the host has to find first.
 */
const CACHED_BYTES = 1 << 17
/** So much of the page cache goes to disk at once, while more is printed. */
const SYNC_BYTES = 1 << 26

const toDisk = promisify(fsync)
const dataToDisk = promisify(fdatasync)
const writeLater = promisify(write)

const WAYS: DiskWays = {
  openDirect(path) {
    try {
      const { O_DIRECT, O_WRONLY } = constants
      return O_DIRECT === undefined ? null : openSync(path, O_WRONLY | O_DIRECT)
    } catch {
      // A file system that cannot do it: there is the page cache.
      return null
    }
  },
  // V8 puts memory that may grow on pages of its own, and only whole pages go to a disk directly.
  blockOf: (bytes) => new Uint8Array(new ArrayBuffer(bytes, { maxByteLength: bytes })),
}

/**
 * Creates a file, or empties it. Blocks go to the disk past the page cache (decision 49) while the next one
 * is filled; the rest, and all where that cannot be done, by way of it.
 */
export function createDiskFile(path: string, ways: DiskWays = WAYS): DiskFile {
  const file = openSync(path, 'w')
  const flights = createFlights()
  let block = ways.blockOf(BLOCK_BYTES)
  let filled = 0
  let written = 0
  /** Undefined before the first block, null where it cannot be done. */
  let direct: number | null | undefined

  /** What a disk did not take, as when it is full, goes the usual way, which says why. */
  const finish = (bytes: Uint8Array, done: number, at: number): void =>
    writeCached(file, bytes.subarray(done), at + done)
  const begin = (): void => {
    direct = ways.openDirect(path)
    if (direct === null) return
    const done = writeFirst(direct, block)
    finish(block, done, 0)
    if (done > 0) return
    closeSync(direct)
    direct = null
  }
  const writeBlock = (): void => {
    flights.assertGood()
    if (direct === undefined) begin()
    if (written === 0 && direct !== null) {
      // It was written to see whether that can be done.
    } else if (typeof direct !== 'number') {
      writeCached(file, block, written)
      if ((written + BLOCK_BYTES) % SYNC_BYTES === 0) flights.add(dataToDisk(file))
    } else if (flights.areMany()) {
      // Nobody waits until the disk is ready, so that it is waited for here.
      finish(block, writeSync(direct, block, 0, block.length, written), written)
    } else {
      const [flying, at] = [block, written]
      const flight = writeLater(direct, flying, 0, flying.length, at)
      flights.add(
        flight.then(({ bytesWritten }) => finish(flying, bytesWritten, at)),
        flying,
      )
      block = flights.landed.pop() ?? ways.blockOf(BLOCK_BYTES)
    }
    written += BLOCK_BYTES
    filled = 0
  }

  return {
    write(bytes) {
      for (let from = 0; from < bytes.length; ) {
        const to = Math.min(bytes.length, from + BLOCK_BYTES - filled)
        block.set(bytes.subarray(from, to), filled)
        filled += to - from
        from = to
        if (filled === BLOCK_BYTES) writeBlock()
      }
    },
    ready: flights.ready,
    async end() {
      finish(block.subarray(0, filled), 0, written)
      await flights.all()
      flights.assertGood()
      await toDisk(file)
    },
    async close() {
      await flights.all()
      if (typeof direct === 'number') closeSync(direct)
      closeSync(file)
    },
  }
}

/** What is under way to the disk. The first failure is kept until somebody asks. */
function createFlights() {
  const flying = new Set<Promise<void>>()
  const landed: Uint8Array[] = []
  let failure: { readonly error: unknown } | null = null
  const areMany = (): boolean => flying.size >= FLYING_MAX
  return {
    areMany,
    /** Blocks that may be filled again. */
    landed,
    add(flight: Promise<unknown>, block?: Uint8Array): void {
      const held = flight
        .catch((error: unknown) => {
          failure ??= { error }
        })
        .then(() => {
          flying.delete(held)
          if (block !== undefined) landed.push(block)
        })
      flying.add(held)
    },
    ready: (): Promise<void> | null => (areMany() ? Promise.race(flying) : null),
    async all(): Promise<void> {
      await Promise.all(flying)
    },
    assertGood(): void {
      if (failure !== null) throw failure.error
    },
  }
}

/** 0 where the file system, or its disk, does not write this memory directly. */
function writeFirst(file: number, block: Uint8Array): number {
  try {
    return writeSync(file, block, 0, block.length, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EINVAL') return 0
    throw error
  }
}

function writeCached(file: number, bytes: Uint8Array, at: number): void {
  for (let from = 0; from < bytes.length; ) {
    from += writeSync(file, bytes, from, Math.min(CACHED_BYTES, bytes.length - from), at + from)
  }
}
