// Reads a trace of system calls and finds answers that left before what they acknowledge was on disk.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

/** A call as one line, or begun on one line and ended on another when threads run side by side. */
export type Call = {
  readonly name: string
  readonly text: string
  readonly begun: number
  readonly ended: number
}

const WHOLE = /^(\d+) +(\w+)\((.*)$/
const UNFINISHED = /<unfinished \.\.\.>$/
const RESUMED = /^(\d+) +<\.\.\. (\w+) resumed>(.*)$/

/** The calls of a trace by `strace -f -y -o`, in the order in which they ended. */
export async function* readCalls(file: string): AsyncGenerator<Call> {
  const begun = new Map<string, { readonly text: string; readonly line: number }>()
  let line = 0
  for await (const text of createInterface(createReadStream(file, 'latin1'))) {
    line += 1
    const [, again, resumedName, rest = ''] = RESUMED.exec(text) ?? []
    if (again !== undefined && resumedName !== undefined) {
      const start = begun.get(again)
      begun.delete(again)
      const whole = `${start?.text ?? ''}${rest}`
      yield { name: resumedName, text: whole, begun: start?.line ?? line, ended: line }
      continue
    }
    const [, thread, name, call = ''] = WHOLE.exec(text) ?? []
    if (thread === undefined || name === undefined) continue
    if (UNFINISHED.test(call)) begun.set(thread, { text: call.replace(UNFINISHED, ''), line })
    else yield { name, text: call, begun: line, ended: line }
  }
}

export type Acknowledgements = {
  /** Answers of 2xx to an earn. */
  readonly answers: number
  readonly syncs: number
  /** The amounts of those that left before their page was synced. */
  readonly early: readonly number[]
}

const WAL = /^\d+<[^>]*-wal>/
const SYNCS = new Set(['fsync', 'fdatasync'])
const SENDS = new Set(['write', 'writev', 'sendto', 'sendmsg'])
/** As it stands in an answer and in the log's payload; quotes are escaped by strace. */
const AMOUNT = /\\"amount\\":(\d+),/g
const amountsIn = (text: string): number[] =>
  [...text.matchAll(AMOUNT)].map(([, amount]) => Number(amount))

/**
 * Every earn has an amount of its own. Its first write into the write-ahead log must be followed by a
 * sync of that file that begins after it and is over before the answer goes out.
 */
export async function acknowledgements(calls: AsyncIterable<Call>): Promise<Acknowledgements> {
  const writtenAt = new Map<number, number>()
  const early: number[] = []
  let answers = 0
  let syncs = 0
  let syncBegun = 0
  for await (const { name, text, begun, ended } of calls) {
    if (name === 'pwrite64' && WAL.test(text)) {
      for (const amount of amountsIn(text)) {
        if (!writtenAt.has(amount)) writtenAt.set(amount, ended)
      }
    } else if (SYNCS.has(name) && WAL.test(text) && text.endsWith('= 0')) {
      syncs += 1
      syncBegun = Math.max(syncBegun, begun)
    } else if (SENDS.has(name) && /HTTP\/1\.1 2\d\d /.test(text)) {
      for (const amount of amountsIn(text)) {
        answers += 1
        const written = writtenAt.get(amount)
        if (written === undefined || written >= syncBegun) early.push(amount)
      }
    }
  }
  return { answers, syncs, early }
}
