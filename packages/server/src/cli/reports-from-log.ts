import { verifiedPostbacks } from '../attribution/attribution.ts'
import { openDatabase } from '../books/database.ts'
import type { Config } from '../config/config.ts'
import { gameEvents, newestOffset } from '../log/log.ts'
import { createLogger, systemClock, systemRandom } from '../platform/platform.ts'
import { type Compute, RunError } from '../reports/runs/runs.ts'
import { createLogCompute, type ReportLog } from '../reports/source/source.ts'
import { SchemaError, StoreFailure } from '../store/store.ts'
import { explainFailure } from './explain-failure.ts'
import type { ReportsParts } from './reports.ts'

/**
 * Computes the reports from the books of the settings.
 * @param until the log is read up to this offset, to its newest without one
 */
export function computeFromLog(
  loadCompute: ReportsParts['loadCompute'],
  settings: Pick<Config, 'store'>,
  until: number | undefined,
): Compute {
  const compute = createLogCompute(
    { openLog: () => openLog(settings), loadCompute, monotonic: systemClock.monotonic },
    until === undefined ? {} : { until },
  )
  return async (request, progress) => {
    try {
      return await compute(request, progress)
    } catch (error) {
      throw await inWords(error)
    }
  }
}

async function openLog(settings: Pick<Config, 'store'>): Promise<ReportLog> {
  const { store } = await openDatabase(settings, {
    clock: systemClock,
    random: systemRandom(),
    logger: createLogger('error'),
    decorateStore: (opened) => opened,
  })
  return {
    newestOffset: () => newestOffset(store.read),
    postbacks: (until) => verifiedPostbacks(store.read, until),
    events: (eventType, until) => gameEvents(store.read, eventType, until),
    close: () => store.close(),
  }
}

/** A database that is away or of another version is nobody's bug. */
async function inWords(error: unknown): Promise<unknown> {
  const isOfDatabase =
    error instanceof SchemaError || (error instanceof StoreFailure && error.kind !== 'bug')
  if (!isOfDatabase) return error
  const { message } = await explainFailure(error)
  return new RunError('fault', message, { cause: error })
}
