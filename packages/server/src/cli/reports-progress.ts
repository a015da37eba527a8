import type { Progress } from '../reports/runs/runs.ts'

/** Where progress is shown: usually `process.stderr`. */
export type Screen = {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export type ShownProgress = Progress & {
  /** Takes the bar off the terminal. */
  end(): void
}

const BAR_CHARS = 24
const REDRAW_MS = 100

/**
 * A bar with the stage and the seconds on a terminal, a line for each stage elsewhere.
 * @param monotonic milliseconds since some start
 */
export function showProgress(screen: Screen, monotonic: () => number): ShownProgress {
  const startMs = monotonic()
  const seconds = (): string => `${((monotonic() - startMs) / 1_000).toFixed(1)} s`
  if (!screen.isTTY) return plainLines(screen, seconds)

  let label = 'starting'
  let done = 0
  const draw = (): void => {
    const full = Math.round(Math.min(1, done) * BAR_CHARS)
    const bar = '█'.repeat(full) + '░'.repeat(BAR_CHARS - full)
    const line = `${bar} ${String(Math.floor(done * 100)).padStart(3)} %  ${label}  ${seconds()}`
    screen.write(`\r\x1b[2K${line.slice(0, (screen.columns ?? 80) - 1)}`)
  }
  const timer = setInterval(draw, REDRAW_MS)
  timer.unref()
  draw()
  return {
    stage(nextLabel, nextDone) {
      label = nextLabel
      done = nextDone
      draw()
    },
    written: () => undefined,
    end() {
      clearInterval(timer)
      screen.write('\r\x1b[2K')
    },
  }
}

function plainLines(screen: Screen, seconds: () => string): ShownProgress {
  let last = ''
  return {
    stage(label) {
      if (label !== last) screen.write(`${seconds().padStart(8)}  ${label}\n`)
      last = label
    },
    written: () => undefined,
    end: () => undefined,
  }
}
