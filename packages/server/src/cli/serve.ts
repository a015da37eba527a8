import type { Config } from '../config/config.ts'
import { type Questline, startQuestline } from '../main.ts'

/** What a running server is for: an exit code once that is done, or `stay` until it is told to stop. */
export type Purpose = (server: Questline) => Promise<number | 'stay'>

/**
 * Runs a server in this process and ends the process with it: gracefully with 0 on SIGTERM or
 * SIGINT, by force with 1 on a second signal or when the stop takes longer than STOP_DEADLINE_MS.
 * A bug that nothing caught is logged, and ends it with 1.
 */
export async function serve(config: Config, purpose: Purpose): Promise<never> {
  const server = await startQuestline(config)
  const { logger } = server.books.world
  let stopping = false
  let failed = false

  const leave = async (exitCode: number): Promise<never> => {
    stopping = true
    const deadlineMs = config.http.stopDeadlineMs
    setTimeout(() => {
      logger.error({ deadlineMs }, 'the stop took longer than STOP_DEADLINE_MS, leaving by force')
      process.exit(1)
    }, deadlineMs)
    await server.stop().catch((error: unknown) => {
      logger.error({ err: error }, 'the server did not stop cleanly')
      failed = true
    })
    process.exit(failed ? 1 : exitCode)
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) {
        logger.error({ signal }, 'a second signal, leaving by force')
        process.exit(1)
      }
      logger.info({ signal }, 'stopping')
      void leave(0)
    })
  }
  // Rejections that nobody handles come here too. The state is unknown: nothing new is accepted.
  process.on('uncaughtException', (error) => {
    failed = true
    logger.error({ err: error }, 'this is a bug, leaving')
    if (!stopping) void leave(1)
  })

  const outcome = await purpose(server).catch((error: unknown) => {
    // A purpose that a signal interrupts fails as it may.
    if (!stopping) logger.error({ err: error }, 'this is a bug, leaving')
    return 1
  })
  if (outcome !== 'stay' && !stopping) return leave(outcome)
  return new Promise(() => undefined)
}
