import { join } from 'node:path'
import type { ComputeRequest, Output, Progress } from '../runs/runs.ts'

/** The files of a run: each goes to disk while the next is made. */
export type Outputs = {
  pathOf(name: string): string
  /** @param writing answers when the file is on disk */
  add(name: string, writing: Promise<Output>): void
  /** When all are on disk. */
  done(): Promise<void>
}

export function createOutputs(
  { target }: Pick<ComputeRequest, 'target'>,
  progress: Pick<Progress, 'written'>,
): Outputs {
  const added: Promise<void>[] = []
  return {
    pathOf: (name) => join(target, name),
    add(name, writing) {
      const written = writing.then((output) => progress.written(name, output))
      // Its failure waits until all are asked for.
      written.catch(() => undefined)
      added.push(written)
    },
    async done() {
      await Promise.all(added)
    },
  }
}
