import { argon2Sync } from 'node:crypto'
import { constants, setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import type { HashJob } from './hash-threads.ts'

// On Linux a priority belongs to a thread, elsewhere to the whole process: there it stays as it is.
if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_LOW)

parentPort?.on('message', (job: HashJob) => {
  const tag = argon2Sync('argon2id', {
    message: Buffer.from(job.password),
    nonce: job.salt,
    parallelism: job.lanes,
    memory: job.memoryKiB,
    passes: job.passes,
    tagLength: job.tagBytes,
  })
  parentPort?.postMessage(new Uint8Array(tag))
})
