import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The newest complete checkpoint of a job, by what lies in the folder of checkpoints: what is there to
 * go on from when the JobManager has died and its successor knows nothing. A checkpoint is complete
 * when it has its `_metadata`, which is written last.
 * @param folder as Flink is configured; null, or none of this machine's files: nobody can look
 */
export async function newestCheckpoint(
  folder: string | null,
  jobId: string,
): Promise<string | null> {
  if (folder === null || !/^(?:file:|\/)/.test(folder)) return null
  const path = join(folder.startsWith('/') ? folder : fileURLToPath(folder), jobId)
  const names = await readdir(path).catch(() => [])
  const numbers = names
    .flatMap((name) => /^chk-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a)
  for (const number of numbers) {
    const found = join(path, `chk-${number}`)
    const isComplete = await stat(join(found, '_metadata')).then(
      () => true,
      () => false,
    )
    if (isComplete) return `file:${found}`
  }
  return null
}
