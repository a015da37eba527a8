import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { InputZone } from '../cells/cells.ts'
import type { CuratedRows } from '../curated/curated.ts'
import { InputError } from '../input/input.ts'
import type { PurchaseKind } from '../inspect/inspect.ts'
import type { Pieces } from '../print/print.ts'
import type { Reconciliation } from '../reconciliation/reconciliation.ts'
import type { Output, RejectedRow } from '../runs/runs.ts'
import type { Inputs } from './inputs.ts'
import type { OtherInputs, ReadParts } from './read-inputs.ts'

/** What the thread is asked for. Columns are shared memory, so that they are not copied. */
export type Job =
  | {
      readonly kind: 'read'
      readonly inputs: Inputs
      readonly zone: InputZone
      readonly badReceipt: RegExp | null
    }
  | {
      readonly kind: 'curated'
      readonly path: string
      readonly kinds: readonly PurchaseKind[]
      readonly rows: CuratedRows
    }
  | {
      readonly kind: 'reconciliation'
      readonly path: string
      readonly reconciliation: Reconciliation
      readonly pieces: Pieces
    }

export type Answer =
  | { readonly kind: 'begin'; readonly file: string }
  /** Of the file that was begun last. */
  | { readonly kind: 'rejected'; readonly rows: readonly RejectedRow[] }
  | { readonly kind: 'read'; readonly others: OtherInputs }
  /** The message of an `InputError`. */
  | { readonly kind: 'unusable'; readonly message: string }
  | { readonly kind: 'written'; readonly path: string; readonly output: Output }

/** A thread that does half of the work, one job after another. What it has used is free when it ends. */
export type SecondThread = {
  /** Reads the files beside the purchases. */
  read(inputs: Inputs, parts: ReadParts): Promise<OtherInputs>
  /** Writes a file; answers what it has. */
  write(job: Exclude<Job, { readonly kind: 'read' }>): Promise<Output>
  /** Rejects when it fails, and when it ends. */
  readonly failure: Promise<never>
  /** Ends it, whether it is done or not. */
  end(): Promise<void>
}

export function startSecondThread(): SecondThread {
  const worker = new Worker(new URL('./second-thread-jobs.ts', import.meta.url), {
    env: environment(),
  })
  const post = (job: Job): void => worker.postMessage(job)
  const read = Promise.withResolvers<OtherInputs>()
  const failure = Promise.withResolvers<never>()
  /** A failure waits until somebody asks. */
  const orFailure = <T>(answer: Promise<T>): Promise<T> => {
    const asked = Promise.race([answer, failure.promise])
    asked.catch(() => undefined)
    return asked
  }
  failure.promise.catch(() => undefined)
  const written = new Map<string, (output: Output) => void>()
  let beginRejected: ReadParts['beginRejected'] = () => () => undefined
  let onRejected = (_row: RejectedRow): void => undefined
  worker.on('message', (message: Answer) => {
    if (message.kind === 'begin') onRejected = beginRejected(message.file)
    else if (message.kind === 'rejected') for (const row of message.rows) onRejected(row)
    else if (message.kind === 'read') read.resolve(message.others)
    else if (message.kind === 'unusable') read.reject(new InputError(message.message))
    else written.get(message.path)?.(message.output)
  })
  worker.once('error', failure.reject)
  worker.once('exit', (code) => failure.reject(new Error(`the second thread ended with ${code}`)))
  return {
    read(inputs, { zone, badReceipt, beginRejected: begin }) {
      beginRejected = begin
      post({ kind: 'read', inputs, zone, badReceipt })
      return orFailure(read.promise)
    },
    write(job) {
      const output = new Promise<Output>((resolve) => written.set(job.path, resolve))
      post(job)
      return orFailure(output)
    },
    failure: failure.promise,
    async end() {
      await worker.terminate()
    },
  }
}

/**
 * A thread keeps compiled code where its process does only when it is told so: without, its start takes
 * 300 ms of CPU in place of 70. It needs nothing else of the environment.
 */
function environment(): Readonly<Record<string, string>> {
  const folder = getCompileCacheDir()
  // Node adds its own version to the folder that it is told.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) }
}
