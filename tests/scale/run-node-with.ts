import { execFile } from 'node:child_process'
import type { Run } from '../run-node.ts'

/** Runs this Node with these settings and nothing else of the environment, at the latest for two minutes. */
export const runNodeWith = (
  words: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<Run> =>
  new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'], ...settings }
    const options = { env, maxBuffer: 64 * 1_024 * 1_024, timeout: 120_000 }
    execFile(process.execPath, [...words], options, (error, output, errors) => {
      const exit = error === null ? 0 : error.code
      if (typeof exit === 'number') resolve({ exit, output, errors })
      else reject(error)
    })
  })
