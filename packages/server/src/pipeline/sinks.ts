import type { KafkaConfig } from '../config/kafka-settings.ts'
import type { ForwardConfig } from '../config/sink-settings.ts'
import { type Backlog, backlogOf } from '../forward/forward.ts'
import type { Clock, Logger, Metrics, Stop } from '../platform/platform.ts'
import type { Store } from '../store/store.ts'
import { createLakeKeeper } from './lake-keeper.ts'
import type { FromPipeline } from './messages.ts'
import type { ForwardOrder, FromForward, LakeOrder } from './sinks-messages.ts'
import { createThread, type ThreadWatch } from './thread.ts'

export type SinksParts = {
  readonly analytics: Store
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly watch: ThreadWatch
}

const LOOK_MS = 60_000
/** An alarm that lasts is told again. */
const REMIND_MS = 3_600_000

export type SinksSettings = Omit<LakeOrder, 'until'> & {
  readonly forward: ForwardConfig
  readonly kafka: KafkaConfig | null
}

/**
 * The process that writes the lake, the thread that sends events on where that is wanted, and the
 * alarm when events are not acknowledged for long.
 */
export function createSinks(
  { analytics, clock, logger, metrics, watch }: SinksParts,
  { forward, kafka, ...order }: SinksSettings,
) {
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

  const keeper = createLakeKeeper({ analytics, clock, watch }, { ...order, kafka })
  const createForwarding = (wanted: ForwardOrder['forward']) =>
    createThread(
      new URL('./forward-worker.ts', import.meta.url),
      { ...order, forward: wanted, kafka } satisfies ForwardOrder,
      {
        ...watch,
        hear(message: FromPipeline | FromForward) {
          if (message.kind === 'backlog') waiting = message.receivedAt
          else watch.hear(message)
        },
      },
    )
  const forwarding = forward.kind === 'off' ? null : createForwarding(forward)

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
      const stops = [keeper.begin(), ...(forwarding ? [forwarding.begin()] : [])]
      const timer = setInterval(look, LOOK_MS)
      timer.unref()
      return async () => {
        clearInterval(timer)
        await Promise.all(stops.map((stop) => stop()))
      }
    },
  }
}
