import { type Progress, RunError } from '../runs/runs.ts'

const BYTES_PER_MB = 1_048_576

/**
 * Ends a run that takes more memory than it may, at the next sign of its progress: a clear line in
 * place of a process that the kernel kills, and of a server beside it that pages.
 * @param taken bytes that the process holds now
 * @throws RunError from `stage`, of kind `input`
 */
export const limitMemory = (
  progress: Progress,
  taken: () => number,
  limitMb: number,
): Progress => ({
  ...progress,
  stage(label, done) {
    if (taken() > limitMb * BYTES_PER_MB) {
      throw new RunError(
        'input',
        `${label} takes more memory than REPORTS_MEMORY_MB allows, which is ${limitMb}: ` +
          'set it higher, some 200 and 200 for each million purchases and their confirmations',
      )
    }
    progress.stage(label, done)
  },
})
