import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Database,
  type Engine,
  openDatabase,
} from '../../packages/server/src/reports/engine/engine.ts'

/** A lane into a database of its own, and a folder that it may read and write. */
export type OpenLane = {
  readonly database: Database
  readonly engine: Engine
  /** Beside it lies the folder `outside`, which it must not reach. */
  readonly folder: string
  readonly outside: string
}

/** Opens a database in folders of its own for as long as `use` takes. */
export async function withLane(use: (lane: OpenLane) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'questline-lane-'))
  const [scratch, folder, outside] = [
    join(root, 'scratch'),
    join(root, 'in'),
    join(root, 'outside'),
  ]
  for (const path of [scratch, folder, outside]) mkdirSync(path)
  const settings = { threads: 2, memoryLimitMb: 256, scratch, folders: [folder] }
  const database = await openDatabase(settings)
  try {
    await use({ database, engine: await database.connect(), folder, outside })
  } finally {
    await database.close()
    rmSync(root, { recursive: true, force: true })
  }
}
