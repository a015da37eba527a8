import { Worker } from 'node:worker_threads'

export type HashJob = {
  readonly password: string
  readonly salt: Uint8Array
  readonly memoryKiB: number
  readonly passes: number
  readonly lanes: number
  readonly tagBytes: number
}

export type HashThreads = (job: HashJob) => Promise<Buffer>

/**
 * Threads of the lowest priority that do nothing but hash, as many as hash at once. In libuv's pool
 * a hash has the event loop's own priority: with one core it took every second time slice from all
 * other requests, and their p95 rose from 0.4 to 10 ms on a busy machine.
 */
export function createHashThreads(): HashThreads {
  const idle: Worker[] = []

  return (job) => {
    const worker = idle.pop() ?? new Worker(new URL('./hash-worker.ts', import.meta.url))
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        worker.removeAllListeners('message')
        worker.removeAllListeners('error')
      }
      worker.once('message', (tag: Uint8Array) => {
        settle()
        // A thread without work keeps no process alive.
        worker.unref()
        idle.push(worker)
        resolve(Buffer.from(tag))
      })
      worker.once('error', (error) => {
        settle()
        reject(error)
      })
      worker.ref()
      worker.postMessage(job)
    })
  }
}
