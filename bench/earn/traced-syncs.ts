import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Figure, type Lab, spread } from '../harness/harness.ts'
import { startEarning } from './earns.ts'
import { hasStrace, tracingSyncs } from './strace.ts'

/** Whether a commit really is a sync: the kernel's own count beside the server's. */
export async function tracedSyncFigures(lab: Lab): Promise<readonly Figure[]> {
  if (lab.databases.kind !== 'sqlite') return []
  if (!hasStrace()) {
    lab.remark('syncs were not counted by the kernel: strace is missing or not allowed')
    return []
  }
  const log = join(lab.folder, 'syncs.log')
  await using traced = await startEarning(lab, 'traced', {}, tracingSyncs(log))
  const before = { ...(await traced.server.commits()), syncs: syncsIn(log) }
  await traced.earn('earns, syncs traced')
  const after = { ...(await traced.server.commits()), syncs: syncsIn(log) }
  const syncs = after.syncs - before.syncs
  const earns = after.writes - before.writes
  const commits = after.commits - before.commits
  return [
    {
      name: 'syncs per 1,000 earns, as the kernel saw them',
      unit: 'per 1,000',
      ...spread([(syncs * 1_000) / earns]),
      aim: { better: 'lower', floor: 100, target: 40 },
      notes: [`one round: ${syncs} syncs, ${commits} commits, ${earns} earns`],
    },
  ]
}

/** A call that another thread interrupted takes a second line, which does not begin the call. */
const syncsIn = (log: string): number =>
  readFileSync(log, 'utf8').match(/ (?:fdatasync|fsync)\(/g)?.length ?? 0
