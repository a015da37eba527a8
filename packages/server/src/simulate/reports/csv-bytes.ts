import { open } from 'node:fs/promises'

/**
 * Rows as bytes. Strings would cost five times as much: ten million rows are written in seconds
 * because digits go straight into one buffer that is reused.
 */
export type CsvBytes = {
  readonly to: Buffer
  at: number
  /** Line end of the plain rows: LF or CRLF. */
  readonly lineEnd: '\n' | '\r\n'
}

/** One step writes at most a few rows, and may be the last. */
export type Step = (out: CsvBytes) => 'more' | 'done'

const WRITE_BYTES = 1_048_576
/** Room for what one step writes beyond that, a line of more than 1 MiB included. */
const STEP_BYTES_MAX = 1_572_864

/** Writes a new file from `head` and the rows of the steps. Memory is that of one buffer. */
export async function writeCsv(
  path: string,
  file: { readonly head: string; readonly lineEnd?: CsvBytes['lineEnd']; readonly step: Step },
): Promise<void> {
  const out: CsvBytes = {
    to: Buffer.allocUnsafe(WRITE_BYTES + STEP_BYTES_MAX),
    at: 0,
    lineEnd: file.lineEnd ?? '\n',
  }
  const handle = await open(path, 'w')
  try {
    putText(out, file.head)
    putLineEnd(out)
    let state: ReturnType<Step> = 'more'
    while (state === 'more') {
      while (state === 'more' && out.at < WRITE_BYTES) state = file.step(out)
      await handle.writeFile(out.to.subarray(0, out.at))
      out.at = 0
    }
  } finally {
    await handle.close()
  }
}

export function putText(out: CsvBytes, text: string | Uint8Array): void {
  if (typeof text === 'string') out.at += out.to.write(text, out.at)
  else putBytes(out, text)
}

/** A loop: for the ten or twenty bytes of a cell it is faster than `set`. */
export function putBytes(out: CsvBytes, bytes: Uint8Array): void {
  const { to } = out
  let { at } = out
  for (let i = 0; i < bytes.length; i += 1) to[at++] = bytes[i] ?? 0
  out.at = at
}

export function putByte(out: CsvBytes, byte: number): void {
  out.to[out.at] = byte
  out.at += 1
}

export function putLineEnd(out: CsvBytes): void {
  if (out.lineEnd === '\r\n') putByte(out, 13)
  putByte(out, 10)
}

/** `value` (below 2³¹) in exactly `width` digits, with leading zeroes. */
export function putDigits(out: CsvBytes, value: number, width: number): void {
  const { to } = out
  let rest = value | 0
  for (let at = out.at + width - 1; at >= out.at; at -= 1) {
    const next = (rest / 10) | 0
    to[at] = 48 + rest - next * 10
    rest = next
  }
  out.at += width
}

const DAY_S = 86_400
const COLON = 58

/** Writes instants near these days (YYYY-MM-DD, `count` of them) as `YYYY-MM-DDTHH:MM:SSZ`. */
export function createInstantWriter(
  firstDay: string,
  count: number,
): (out: CsvBytes, seconds: number) => void {
  const first = Date.parse(firstDay) / 1_000
  const days = Array.from({ length: count }, (_, day) =>
    Buffer.from(`${dayText(first + day * DAY_S)}T`),
  )
  return (out, seconds) => {
    const day = Math.floor((seconds - first) / DAY_S)
    const bytes = days[day]
    if (bytes === undefined) throw new RangeError(`${seconds} s is outside the days of the files`)
    putBytes(out, bytes)
    const second = seconds - first - day * DAY_S
    const minute = (second / 60) | 0
    const hour = (minute / 60) | 0
    putDigits(out, hour, 2)
    putByte(out, COLON)
    putDigits(out, minute - hour * 60, 2)
    putByte(out, COLON)
    putDigits(out, second - minute * 60, 2)
    putByte(out, 90)
  }
}

/** The UTC day of seconds since 1970, YYYY-MM-DD. */
export const dayText = (seconds: number): string =>
  new Date(seconds * 1_000).toISOString().slice(0, 10)
