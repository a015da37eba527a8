import { access, rename, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Random } from '../platform/platform.ts'
import { openStore, type Store } from '../store/store.ts'
import { BackupError } from './failure.ts'
import { newPartial, removeDatabase, sync } from './files.ts'

export type BackupSettings = {
  readonly file: string
  /** Whether a file that is there is replaced. */
  readonly overwrite: boolean
}

/**
 * Copies the books of `store` into `settings.file`: everything that was acknowledged before the call,
 * as of one moment. `verify` sees the copy before it gets its name; its answer is returned.
 * @throws BackupError `usage` when the file exists or its folder does not
 */
export async function backup<V>(
  parts: {
    readonly store: Store
    readonly random: Random
    readonly verify: (copy: Store) => Promise<V>
  },
  settings: BackupSettings,
): Promise<{ readonly file: string; readonly bytes: number; readonly verified: V }> {
  const file = resolve(settings.file)
  await refuseExisting(file, settings.overwrite)
  const partial = await newPartial(file, parts.random).catch((cause: unknown) => {
    throw new BackupError('usage', `cannot write to ${dirname(file)}: ${reasonOf(cause)}`, cause)
  })
  try {
    await parts.store.backup(partial)
    const verified = await inStore(partial, parts.random, parts.verify)
    await sync(partial)
    const { size: bytes } = await stat(partial)
    await refuseExisting(file, settings.overwrite)
    await rename(partial, file)
    await sync(dirname(file))
    return { file, bytes, verified }
  } finally {
    await removeDatabase(partial)
  }
}

async function refuseExisting(file: string, overwrite: boolean): Promise<void> {
  if (overwrite) return
  const exists = await access(file).then(
    () => true,
    () => false,
  )
  if (exists) throw new BackupError('usage', `${file} exists: name another file, or say --force`)
}

/** Opens a copy as a store; when it is closed again, all of it is in the one file. */
export async function inStore<T>(
  file: string,
  random: Random,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const onIdleError = (error: Error): never => {
    throw error
  }
  const store = openStore({ random, onIdleError }, { kind: 'sqlite', file, busyTimeoutMs: 0 })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

const reasonOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause)
