import type { Clock } from '../platform/platform.ts'
import type { Progress } from '../simulate/simulate.ts'

const EVERY_MS = 200

/** Rewrites one line of a terminal, a few times a second. */
export function showProgress({
  monotonic,
}: Pick<Clock, 'monotonic'>): (progress: Progress) => void {
  let shownAt = Number.NEGATIVE_INFINITY
  let phase: Progress['phase'] | null = null
  return (progress) => {
    const now = monotonic()
    if (now - shownAt < EVERY_MS && progress.phase === phase) return
    shownAt = now
    phase = progress.phase
    process.stderr.write(`\r\x1b[2K${lineOf(progress)}${isLast(progress) ? '\r\x1b[2K' : ''}`)
  }
}

const isLast = (progress: Progress): boolean =>
  progress.phase === 'counting' && progress.visible >= progress.of

const count = (value: number): string => value.toLocaleString('en-US')

function lineOf(progress: Progress): string {
  switch (progress.phase) {
    case 'playing': {
      const percent = Math.min(100, Math.floor(progress.share * 100))
      return `playing ${percent} %: ${count(progress.played)} events, ${count(progress.waiting)} on their way`
    }
    case 'sending':
      return `sending: ${count(progress.waiting)} events wait for their verdict`
    case 'counting':
      return `the server has counted ${count(progress.visible)} of ${count(progress.of)} events`
  }
}
