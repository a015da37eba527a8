/** The bytes that make the structure of a CSV text. */
export const LF = 0x0a
export const CR = 0x0d
export const QUOTE = 0x22
const COMMA = 0x2c

/** How a text is cut: by `delimiter`, a byte; `byLine` ends a record at every line break. */
export type Grammar = {
  readonly delimiter: number
  readonly byLine: boolean
}

/** The bytes that are looked at, once as bytes and once as aligned words of four. */
export type Window = {
  readonly bytes: Buffer
  readonly words: Int32Array
}

/**
 * The record under way, and what it needs to go on when its bytes end before it does. Positions are
 * in the window. One object is used again for each record: a visitor keeps what it needs.
 */
export type Walk = {
  start: number
  /** The end of the record without its line break; set when it is visited. */
  stop: number
  /** The line of the file where the record starts, from 1. */
  line: number
  cells: number
  /** Where each cell starts, and behind the last one the place after the end. */
  starts: Int32Array
  /** A quote stands somewhere in the record. */
  quoted: boolean
  /** Line breaks inside quotes. */
  breaks: number
  /** A quote is not closed, or something else than a separator or line end follows its close. */
  fault: boolean
  /** Bytes of this record that the window no longer holds, because it is too long. */
  dropped: number
  /** How far the bytes are read. */
  at: number
  cellStart: number
  state: number
}

const PLAIN = 0
const QUOTED = 1
const CLOSED = 2

export function createWindow(capacity: number): Window {
  const memory = new ArrayBuffer(Math.ceil(capacity / 4) * 4)
  return { bytes: Buffer.from(memory), words: new Int32Array(memory) }
}

export function createWalk(line: number, columns = 1): Walk {
  const starts = new Int32Array(columns + 1)
  const record = { cells: 1, starts, quoted: false, breaks: 0, fault: false, dropped: 0 }
  return { start: 0, stop: 0, line, ...record, at: 0, cellStart: 0, state: PLAIN }
}

/**
 * Reads on from where `walk` stands to `end` and calls `visit` for each record that ends before it;
 * lines without a character are skipped. With `last` nothing follows `end`, and the
 * record that it cuts is visited too. False when a visitor returned false, which stops the walk.
 *
 * Most bytes are no structure, so that whole words are looked at and their structure is jumped to:
 * 0.8 ns a byte of a purchases file of 1 GB, over 1.2 byte by byte. Words are taken as
 * little-endian, as on every processor that Node is built for but s390x.
 */
export function walk(
  walk: Walk,
  grammar: Grammar,
  window: Window,
  end: number,
  last: boolean,
  visit: (record: Walk) => boolean,
): boolean {
  const { bytes, words } = window
  const { delimiter } = grammar
  const { starts } = walk
  const high = delimiter > COMMA ? Math.imul(delimiter, 0x01010101) : 0
  let at = walk.at
  let { cells, cellStart } = walk
  while (at < end) {
    if (walk.state !== PLAIN) {
      at = readQuoted(walk, grammar, bytes, at, end, last)
      if (walk.state !== PLAIN || at === end) break
    } else {
      at = nextStructure(words, at, end, high)
      if (at >= end) break
    }
    const byte = bytes[at] as number
    if (byte === delimiter) {
      at += 1
      starts[cells] = at
      cells += 1
      cellStart = at
    } else if (byte === QUOTE) {
      walk.quoted = true
      // Inside a cell that does not begin with one it is a character like others.
      if (at === cellStart) walk.state = QUOTED
      at += 1
    } else if (byte === LF || byte === CR) {
      const width = breakWidth(bytes, at, end, last)
      if (width === 0) break
      walk.cells = cells
      const goOn = endRecord(walk, at, visit)
      at += width
      startRecord(walk, at)
      cells = 1
      cellStart = at
      if (!goOn) return false
    } else {
      at += 1
    }
  }
  walk.cells = cells
  walk.cellStart = cellStart
  walk.at = Math.min(at, end)
  return last ? endText(walk, end, visit) : true
}

/**
 * The first byte from `at` on that may be structure; `end` or more when there is none. `high` is the
 * delimiter four times when it is above a comma, else 0.
 */
function nextStructure(words: Int32Array, at: number, end: number, high: number): number {
  let base = at & ~3
  let found = structureOf(words[base >> 2] as number, high) & (-1 << ((at & 3) << 3))
  if (high === 0) {
    while (found === 0) {
      base += 4
      if (base >= end) return base
      found = ~aboveComma(words[base >> 2] as number) & 0x80808080
    }
  } else {
    while (found === 0) {
      base += 4
      if (base >= end) return base
      found = structureOf(words[base >> 2] as number, high)
    }
  }
  return base + ((31 - Math.clz32(found & -found)) >> 3)
}

/** The top bit of each byte of a word that is a comma or below, or is the delimiter. */
function structureOf(word: number, high: number): number {
  const other = word ^ high
  const noDelimiter = ((other & 0x7f7f7f7f) + 0x7f7f7f7f) | other
  return ~(aboveComma(word) & noDelimiter) & 0x80808080
}

/** The top bit of each byte above a comma is set. */
function aboveComma(word: number): number {
  return ((word & 0x7f7f7f7f) + 0x53535353) | word
}

function endText(walk: Walk, end: number, visit: (record: Walk) => boolean): boolean {
  walk.fault ||= walk.state === QUOTED
  const goOn = end > walk.start || walk.dropped > 0 ? endRecord(walk, end, visit) : true
  startRecord(walk, end)
  return goOn
}

/** The bytes of a line break: 2 for CR LF, else 1; 0 when the bytes end before that is known. */
function breakWidth(bytes: Buffer, at: number, end: number, last: boolean): number {
  if (bytes[at] === LF) return 1
  if (at + 1 === end) return last ? 1 : 0
  return bytes[at + 1] === LF ? 2 : 1
}

/**
 * Reads from inside quotes, or from just behind them, until the cell has closed: then the state is
 * plain and the answer the position of what follows. Else the bytes have ended.
 */
function readQuoted(
  walk: Walk,
  grammar: Grammar,
  bytes: Buffer,
  from: number,
  end: number,
  last: boolean,
): number {
  let at = from
  while (at < end) {
    const byte = bytes[at] as number
    if (walk.state === CLOSED) {
      if (byte !== QUOTE) {
        walk.fault ||= byte !== grammar.delimiter && byte !== LF && byte !== CR
        walk.state = PLAIN
        return at
      }
      walk.state = QUOTED
      at += 1
    } else if (byte > QUOTE) {
      at += 1
    } else if (byte === QUOTE) {
      at += 1
      if (at < end && bytes[at] === grammar.delimiter) {
        walk.state = PLAIN
        return at
      }
      walk.state = CLOSED
    } else if (byte === LF || byte === CR) {
      const width = breakWidth(bytes, at, end, last)
      if (width === 0) return at
      if (grammar.byLine) {
        walk.fault = true
        walk.state = PLAIN
        return at
      }
      walk.breaks += 1
      at += width
    } else {
      at += 1
    }
  }
  return at
}

function endRecord(walk: Walk, stop: number, visit: (record: Walk) => boolean): boolean {
  walk.stop = stop
  walk.starts[walk.cells] = stop + 1
  return stop > walk.start || walk.dropped > 0 ? visit(walk) : true
}

function startRecord(walk: Walk, at: number): void {
  walk.line += walk.breaks + 1
  walk.start = at
  walk.at = at
  walk.cellStart = at
  walk.cells = 1
  walk.starts[0] = at
  walk.quoted = false
  walk.breaks = 0
  walk.fault = false
  walk.dropped = 0
  walk.state = PLAIN
}
