import { insertOnAnalytics, onAnalytics } from '../analytics/analytics.ts'
import type { Read, Tx } from '../store/store.ts'
import { createTypeLabels, type FreeType, type TypesOfDay } from '../windows/windows.ts'
import type { Outgoing } from './outgoing.ts'

const OF_DAY = onAnalytics(
  'relay.types-of-day',
  'SELECT event_type AS "type" FROM analytics.relayed_types WHERE app = $1 AND day = $2',
)
const KEEP = insertOnAnalytics(
  'relay.keep-types',
  'analytics.relayed_types',
  { app: 'text', day: 'bigint', event_type: 'text' },
  'ON CONFLICT (app, day, event_type) DO NOTHING',
)

export const keepTypes = (tx: Tx, types: readonly FreeType[]): Promise<unknown> =>
  tx.run(
    KEEP,
    types.map(({ app, day, type }) => [app, day, type]),
  )

/**
 * Says which types of `POST /event` count as `(OTHER)`, here, where the log is still in its order:
 * behind this nobody sees all of it, and in one process windows ask the same of the same log.
 *
 * Types are only ever added to a day, and none after the last. So an event gets the same label again
 * from whoever knows more, as after a crash.
 */
export function createOutgoingLabels(readAnalytics: Read) {
  let fresh: FreeType[] = []
  const labels = createTypeLabels((type) => fresh.push(type))
  const typesOfDay: TypesOfDay = async (app, day) =>
    (await readAnalytics<{ readonly type: string }>(OF_DAY, [app, day])).map(({ type }) => type)

  return {
    /** What goes to Kafka, and the types that are to be kept once it is there. */
    async label(
      events: readonly Outgoing[],
    ): Promise<{ readonly events: readonly Outgoing[]; readonly types: readonly FreeType[] }> {
      fresh = []
      labels.makeRoom()
      const labelled: Outgoing[] = []
      for (const event of events) {
        const { free, app } = event
        const label = free && (await labels.of(typesOfDay, { app, ...free }))
        const isItsType = label === null || label === free?.type
        labelled.push(isItsType ? event : { ...event, value: withLabel(event.value, label) })
      }
      return { events: labelled, types: fresh }
    },
    forget: labels.forget,
  }
}

const withLabel = (value: string, label: string): string =>
  `{"label":${JSON.stringify(label)},${value.slice(1)}`
