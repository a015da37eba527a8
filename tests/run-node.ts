import { execFile } from 'node:child_process'

export type Run = { readonly exit: number; readonly output: string; readonly errors: string }

/** Runs this Node with `args` in `folder` until it ends, at the latest after a minute. */
export const runNode = (args: readonly string[], folder: string): Promise<Run> =>
  new Promise((resolve, reject) => {
    const options = { cwd: folder, maxBuffer: 64 * 1_024 * 1_024, timeout: 60_000 }
    execFile(process.execPath, args, options, (error, output, errors) => {
      const exit = error === null ? 0 : error.code
      if (typeof exit === 'number') resolve({ exit, output, errors })
      else reject(error)
    })
  })
