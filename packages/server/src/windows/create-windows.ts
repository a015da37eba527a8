import type { Consumer } from '../analytics/analytics.ts'
import type { EnrichedEvent, EnrichedPage } from '../quality/quality.ts'
import type { Tx } from '../store/store.ts'
import { startOf } from './grains.ts'
import { createPlaces } from './places.ts'
import { createRates, type Rate, type Rates } from './rates.ts'
import { restate } from './restate.ts'
import { createTally } from './tally.ts'
import { countedTypes, createTypeLabels, type TypesOfDay } from './type-labels.ts'
import { createLogClock, dropClosed } from './user-set-retention.ts'
import { createUserSets } from './user-sets.ts'

export type WindowsParts = {
  /** What follows an offset of the enriched events. */
  readonly nextPage: (after: number) => Promise<EnrichedPage | null>
}

/** The consumer that counts: minutes, hours and days of corrected time, refined by whatever comes late. */
export function createWindows({ nextPage }: WindowsParts): Consumer<EnrichedPage> {
  const places = createPlaces()
  const rates = createRates()
  const userSets = createUserSets(places)
  const labels = createTypeLabels()
  const clock = createLogClock()
  /** The hour as of which no users are left in closed sets. */
  let tidyAt: number | null = null

  const labelled = async (event: EnrichedEvent, typesOfDay: TypesOfDay) => {
    const { app, corrected_at: at, event_type: type } = event
    return { ...event, event_type: await labels.of(typesOfDay, { app, at, type }) }
  }

  return {
    name: 'windows',
    source: 'enriched',
    next: nextPage,
    async apply(tx, page) {
      const tally = createTally(places)
      await clock.read(tx)
      const typesOfDay = countedTypes(tx)
      labels.makeRoom()
      for (const each of page.events) {
        const hour = clock.at(each.received_at)
        const event = each.kind === 'free' ? await labelled(each, typesOfDay) : each
        if (event.kind === 'server' && event.event_type === 'rates') {
          // A fact about days, and nothing that happened in a minute.
          await restate(tx, event, { rates, places, tally })
          continue
        }
        // Most need none, and waiting for nothing takes a tenth of what all else here takes.
        const rate = rateOf(tx, rates, event)
        tally.event(event, rate === null ? null : await rate, hour)
      }
      await tally.write(tx, userSets)
      const now = await clock.write(tx)
      if (now !== tidyAt && (await dropClosed(tx, now))) tidyAt = now
    },
    forget() {
      clock.forget()
      tidyAt = null
      rates.forget()
      userSets.forget()
      labels.forget()
    },
  }
}

/** Null where there is none, and where none is needed. */
function rateOf(tx: Tx, rates: Rates, event: EnrichedEvent): Promise<Rate | null> | null {
  const { purchase } = event
  if (purchase === null || purchase.currency === 'USD') return null
  return rates.of(tx, startOf('day', event.corrected_at), purchase.currency)
}
