import type { SdkName } from '../protocols.ts'
import type { Place, Sdk } from './sdk.ts'

/** Loads an SDK, and resolves when it takes events. Only the one that is asked for is loaded. */
export async function startSdk(name: SdkName, place: Place): Promise<Sdk> {
  if (name === 'questline') return (await import('./questline.ts')).startQuestline(place)
  if (name === 'posthog') return (await import('./posthog.ts')).startPosthog(place)
  if (name === 'segment') return (await import('./segment.ts')).startSegment(place)
  return (await import('./gameanalytics.ts')).startGameAnalytics(place)
}
