// What the second thread of a run does: it reads the files beside the purchases, then writes files.
import { parentPort } from 'node:worker_threads'
import { writeCurated } from '../curated/curated.ts'
import { InputError } from '../input/input.ts'
import { writeReconciliation } from '../reconciliation/reconciliation.ts'
import type { RejectedRow } from '../runs/runs.ts'
import { readOthers } from './read-inputs.ts'
import type { Answer, Job } from './second-thread.ts'

/** Rows go over in groups: a message costs as much as the reading of many rows. */
const ROWS_AT_ONCE = 500

const post = (answer: Answer): void => parentPort?.postMessage(answer)

async function read(inputs: Extract<Job, { readonly kind: 'read' }>): Promise<void> {
  let rows: RejectedRow[] = []
  const flush = (): void => {
    if (rows.length > 0) post({ kind: 'rejected', rows })
    rows = []
  }
  const { zone, badReceipt } = inputs
  const others = await readOthers(inputs.inputs, {
    zone,
    badReceipt,
    beginRejected(file) {
      flush()
      post({ kind: 'begin', file })
      return (row) => {
        rows.push(row)
        if (rows.length === ROWS_AT_ONCE) flush()
      }
    },
    onProgress: () => undefined,
  })
  flush()
  post({ kind: 'read', others })
}

async function work(job: Job): Promise<void> {
  if (job.kind === 'read') {
    await read(job).catch((error: unknown) => {
      if (!(error instanceof InputError)) throw error
      post({ kind: 'unusable', message: error.message })
    })
    return
  }
  const { path } = job
  const output =
    job.kind === 'curated'
      ? await writeCurated(path, job.kinds, job.rows)
      : await writeReconciliation(path, job.reconciliation, job.pieces)
  post({ kind: 'written', path, output })
}

// One after another, but a file need not be on disk before the next is begun.
parentPort?.on('message', (job: Job) => void work(job))
