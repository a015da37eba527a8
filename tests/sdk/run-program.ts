import { execFile } from 'node:child_process'
import type { Run } from '../run-node.ts'

/** Runs a program of this Node in `folder` with these settings and no others, for a minute at most. */
export const runProgram = (
  words: readonly string[],
  around: { readonly folder: string; readonly settings: Readonly<Record<string, string>> },
): Promise<Run> =>
  new Promise((resolve, reject) => {
    const options = { cwd: around.folder, env: around.settings, timeout: 60_000 }
    execFile(process.execPath, words, options, (error, output, errors) => {
      const exit = error === null ? 0 : error.code
      if (typeof exit === 'number') resolve({ exit, output, errors })
      else reject(error)
    })
  })
