import { type Progress, RunError } from '../runs/runs.ts'

const BYTES_PER_MB = 1_048_576

/** A run took more memory than it may. */
export class MemoryExceeded extends RunError {}

/**
 * Ends a computation that takes more memory than it may, at the next sign of its progress: a clear line
 * in place of a process that the kernel kills, and of a server beside it that pages.
 * @param taken bytes that the process holds now
 * @throws MemoryExceeded from `stage`, of kind `input`
 */
export const limitMemory = (
  progress: Progress,
  taken: () => number,
  limitMb: number,
): Progress => ({
  ...progress,
  stage(label, done) {
    if (taken() > limitMb * BYTES_PER_MB) {
      throw new MemoryExceeded(
        'input',
        `${label} takes more memory than REPORTS_MEMORY_MB allows, which is ${limitMb}: ` +
          'set it higher',
      )
    }
    progress.stage(label, done)
  },
})
