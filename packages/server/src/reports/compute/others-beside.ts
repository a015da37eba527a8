import { Worker } from 'node:worker_threads'
import type { InputZone } from '../cells/cells.ts'
import { InputError } from '../input/input.ts'
import type { RejectedRow } from '../runs/runs.ts'
import type { Inputs } from './inputs.ts'
import type { OtherInputs, ReadParts } from './read-inputs.ts'

export type OthersJob = {
  readonly inputs: Inputs
  readonly zone: InputZone
  readonly badReceipt: RegExp | null
}

export type OthersMessage =
  | { readonly kind: 'begin'; readonly file: string }
  /** Of the file that was begun last. */
  | { readonly kind: 'rejected'; readonly rows: readonly RejectedRow[] }
  | { readonly kind: 'read'; readonly others: OtherInputs }
  /** The message of an `InputError`. */
  | { readonly kind: 'unusable'; readonly message: string }

export type Beside<T> = {
  /** What the thread answers. */
  wait(): Promise<T>
  /** Ends it, whether it is done or not. */
  end(): Promise<void>
}

/** Reads the files beside the purchases in a thread of its own, from now on. */
export function readOthersBeside(inputs: Inputs, parts: ReadParts): Beside<OtherInputs> {
  const worker = new Worker(new URL('./others-thread.ts', import.meta.url))
  const { zone, badReceipt } = parts
  const read = new Promise<OtherInputs>((resolve, reject) => {
    let onRejected = (_row: RejectedRow): void => undefined
    worker.on('message', (message: OthersMessage) => {
      if (message.kind === 'begin') {
        onRejected = parts.beginRejected(message.file)
      } else if (message.kind === 'rejected') {
        for (const row of message.rows) onRejected(row)
      } else if (message.kind === 'read') {
        resolve(message.others)
      } else {
        reject(new InputError(message.message))
      }
    })
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`the reading thread ended with ${code}`)))
  })
  // Its failure waits until somebody asks.
  read.catch(() => undefined)
  worker.postMessage({ inputs, zone, badReceipt } satisfies OthersJob)
  return {
    wait: () => read,
    async end() {
      await worker.terminate()
    },
  }
}

/** The memory of all columns in a value, which goes to another thread without being copied. */
export function buffersIn(value: unknown): readonly ArrayBuffer[] {
  const found = new Set<ArrayBuffer>()
  const look = (part: unknown): void => {
    if (ArrayBuffer.isView(part)) {
      if (part.buffer instanceof ArrayBuffer) found.add(part.buffer)
    } else if (typeof part === 'object' && part !== null && !(part instanceof Map)) {
      for (const inner of Object.values(part)) look(inner)
    }
  }
  look(value)
  return [...found]
}
