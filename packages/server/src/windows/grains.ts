export const GRAINS = ['minute', 'hour', 'day'] as const
export type Grain = (typeof GRAINS)[number]

export const GRAIN_MS: Readonly<Record<Grain, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
}

/** The beginning of the window that an instant lies in. Windows are of UTC. */
export function startOf(grain: Grain, epochMs: number): number {
  const ms = GRAIN_MS[grain]
  return Math.floor(epochMs / ms) * ms
}
