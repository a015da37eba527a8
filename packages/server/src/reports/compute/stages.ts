import type { Progress } from '../runs/runs.ts'

/** The stages of a run with their share of its time, about, as it was at a million purchases. */
const STAGES = {
  'reading purchases': 0.52,
  'reading confirmations, costs and sessions': 0.02,
  'numbering players': 0.02,
  'matching purchases and confirmations': 0.19,
  'writing the reports': 0.25,
} as const

export type Stage = keyof typeof STAGES

export type Stages = {
  /** The stage before ends. */
  begin(stage: Stage): void
  /** How far the stage is, 0 to 1. */
  at(done: number): void
  /** The work begins anew; what is shown waits until it is as far again. */
  restart(): void
  /** Milliseconds by stage, after the last. */
  finish(): Readonly<Record<string, number>>
}

/** @param monotonic milliseconds since some start */
export function createStages(progress: Progress, monotonic: () => number): Stages {
  let durations: Record<string, number> = {}
  let stage: Stage | null = null
  let before = 0
  let furthest = 0
  let startedMs = monotonic()
  const end = (): void => {
    const nowMs = monotonic()
    if (stage !== null) {
      durations[stage] = Math.round(nowMs - startedMs)
      before += STAGES[stage]
    }
    startedMs = nowMs
  }
  /** A stage reads several files, and a file twice if it must: what is shown waits for it. */
  const show = (label: Stage, done: number): void => {
    furthest = Math.max(furthest, done)
    progress.stage(label, furthest)
  }
  return {
    begin(next) {
      end()
      stage = next
      show(next, before)
    },
    at(done) {
      if (stage !== null) show(stage, before + STAGES[stage] * done)
    },
    restart() {
      durations = {}
      stage = null
      before = 0
    },
    finish() {
      end()
      return durations
    },
  }
}
