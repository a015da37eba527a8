import {
  cpuSecondsByTitle,
  residentMemoryMb,
  sharedMemoryMb,
  transferredBytes,
} from '../harness/process-usage.ts'

/** Processes by the name of what they are, each with its children. */
export type Watched = Readonly<Record<string, number>>

/** Of which PostgreSQL says in the titles of its processes what they do. */
export const POSTGRES = 'postgres'
const PARTS = ['walwriter', 'checkpointer', 'background writer', 'autovacuum', 'io worker']

export type Use = {
  readonly cpuSeconds: number
  /** Over sockets and in files; PostgreSQL's are not known, which reads sockets another way. */
  readonly bytes: number
}
/** By name; those of PostgreSQL as `postgres`, and what its parts took of it as `postgres walwriter` … */
export type Uses = ReadonlyMap<string, Use>

/** What all of them have used so far. */
export function usesOf(watched: Watched): Uses {
  const uses = new Map<string, Use>()
  for (const [name, pid] of Object.entries(watched)) {
    const parts = cpuSecondsByTitle(pid, (title) =>
      name === POSTGRES ? (PARTS.find((part) => title.includes(part)) ?? 'backends') : '',
    )
    const cpuSeconds = [...parts.values()].reduce((sum, one) => sum + one, 0)
    uses.set(name, { cpuSeconds, bytes: transferredBytes([pid]) ?? 0 })
    if (name !== POSTGRES) continue
    for (const [part, seconds] of parts) {
      uses.set(`${name} ${part}`, { cpuSeconds: seconds, bytes: 0 })
    }
  }
  return uses
}

/** What each has used since. */
export const usedSince = (before: Uses, after: Uses): Uses =>
  new Map(
    [...after].map(([name, use]) => {
      const began = before.get(name)
      return [
        name,
        {
          cpuSeconds: use.cpuSeconds - (began?.cpuSeconds ?? 0),
          bytes: use.bytes - (began?.bytes ?? 0),
        },
      ]
    }),
  )

/** Microseconds of CPU of what ran, for each of `count`. */
export const microseconds = (uses: Uses, name: string, count: number): number =>
  ((uses.get(name)?.cpuSeconds ?? 0) * 1e6) / count

/** Microseconds of CPU of the process that is measured, and of the engines that it works on. */
export type StageUs = Readonly<Record<'own' | 'postgres' | 'broker', number>>

export const stageUs = (uses: Uses, count: number): StageUs => ({
  own: microseconds(uses, 'own', count),
  postgres: microseconds(uses, POSTGRES, count),
  broker: microseconds(uses, 'broker', count),
})

/** Resident memory now, in 10⁶ bytes. What PostgreSQL's processes share counts once. */
export const memoryOf = (watched: Watched): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(watched).map(([name, pid]) => [
      name,
      (name === POSTGRES ? sharedMemoryMb(pid, 'postgres') : residentMemoryMb(pid)) ?? 0,
    ]),
  )
