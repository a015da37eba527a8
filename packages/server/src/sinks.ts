import { type Backlog, backlogOf } from './forward/forward.ts'
import type { FromPipeline } from './pipeline-messages.ts'
import { createThread, type ThreadWatch } from './pipeline-thread.ts'
import type { Clock, Logger, Metrics, Stop } from './platform/platform.ts'
import type { FromSinks, SinksOrder } from './sinks-messages.ts'

export type SinksParts = {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly watch: ThreadWatch
}

const LOOK_MS = 60_000
/** An alarm that lasts is told again. */
const REMIND_MS = 3_600_000

/** The thread of the lake and of forwarding, and the alarm when events are not acknowledged for long. */
export function createSinks({ clock, logger, metrics, watch }: SinksParts, order: SinksOrder) {
  let waiting: number | null = null
  let toldAt = Number.NEGATIVE_INFINITY
  const backlog = (): Backlog => backlogOf(waiting, clock.now())

  metrics.gauge(
    'forward_backlog_seconds',
    'Age of the oldest event that the stream has not acknowledged.',
    () => backlog().ageMs / 1_000,
  )
  metrics.gauge('forward_backlog_alarm', '1 when that is six hours or more.', () =>
    backlog().isAlarm ? 1 : 0,
  )

  const script = new URL('./sinks-worker.ts', import.meta.url)
  const thread = createThread(script, order, {
    ...watch,
    hear(message: FromPipeline | FromSinks) {
      if (message.kind === 'backlog') waiting = message.receivedAt
      else watch.hear(message)
    },
  })

  const look = (): void => {
    const { ageMs, isAlarm } = backlog()
    if (!isAlarm || clock.monotonic() - toldAt < REMIND_MS) return
    toldAt = clock.monotonic()
    const hours = Math.floor(ageMs / 3_600_000)
    logger.error({ hours }, 'events have waited for hours to be forwarded')
  }

  return {
    /** One sentence each. */
    alarms(): readonly string[] {
      const { ageMs, isAlarm } = backlog()
      const hours = Math.floor(ageMs / 3_600_000)
      return isAlarm ? [`events have waited for ${hours} hours to be forwarded`] : []
    },
    begin(): Stop {
      const stop = thread.begin()
      const timer = setInterval(look, LOOK_MS)
      timer.unref()
      return () => {
        clearInterval(timer)
        return stop()
      }
    },
  }
}
