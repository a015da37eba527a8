import { peakMemoryMb, restartPeakMemory } from '../harness/harness.ts'

/** A stage that has begun, or one that has ended: what a line on standard error tells. */
export type StageMark = { readonly begun: string } | { readonly ended: string }

export type StageMemory = {
  look(): void
  mark(mark: StageMark): void
  /** After the end of the process. In 10⁶ bytes; null and empty where the system does not tell. */
  result(): {
    readonly peakMb: number | null
    readonly stagePeaksMb: Readonly<Record<string, number>>
  }
}

/**
 * The most resident memory of a process, stage by stage: the kernel keeps the high-water mark, which
 * is read and restarted between two stages.
 */
export function watchMemory(pid: number): StageMemory {
  const peaks = new Map<string, number>()
  let all: number | null = null
  // Since the last restart. Only the last look counts: it saw all that the others did, and before the
  // first instruction of the program the memory is still that of whoever starts it.
  let latest: number | null = null
  let stage: string | undefined
  let canRestart: boolean | undefined

  const look = (): void => {
    latest = peakMemoryMb(pid) ?? latest
  }
  const note = (of: string | undefined): void => {
    if (latest === null) return
    all = Math.max(all ?? 0, latest)
    if (of !== undefined) peaks.set(of, Math.max(peaks.get(of) ?? 0, latest))
  }
  return {
    look,
    mark(mark) {
      look()
      note('ended' in mark ? mark.ended : stage)
      stage = 'begun' in mark ? mark.begun : undefined
      const isRestarted = restartPeakMemory(pid)
      // The last mark may come after the end of the process: the first one tells.
      canRestart ??= isRestarted
    },
    result() {
      note(stage)
      return { peakMb: all, stagePeaksMb: canRestart ? Object.fromEntries(peaks) : {} }
    },
  }
}
