// A thread that reads the files beside the purchases, while its parent reads those.
import { parentPort } from 'node:worker_threads'
import { InputError } from '../input/input.ts'
import type { RejectedRow } from '../runs/runs.ts'
import { buffersIn, type OthersJob, type OthersMessage } from './others-beside.ts'
import { readOthers } from './read-inputs.ts'

/** Rows go over in groups: a message costs as much as the reading of many rows. */
const ROWS_AT_ONCE = 500

const post = (message: OthersMessage, transfer: readonly ArrayBuffer[] = []): void =>
  parentPort?.postMessage(message, [...transfer])

async function read({ inputs, zone, badReceipt }: OthersJob): Promise<void> {
  let rows: RejectedRow[] = []
  const flush = (): void => {
    if (rows.length > 0) post({ kind: 'rejected', rows })
    rows = []
  }
  const others = await readOthers(inputs, {
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
  post({ kind: 'read', others }, buffersIn(others))
}

parentPort?.once('message', (job: OthersJob) => {
  read(job).catch((error: unknown) => {
    if (!(error instanceof InputError)) throw error
    post({ kind: 'unusable', message: error.message })
  })
})
