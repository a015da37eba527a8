// What is compared: numbers by name, as `minute 2026-03-01T12:00:00.000Z revenue_by_country PT`.
// What is not there is 0. The truth and the server's answers are both told in this form.

export type Figures = Map<string, number>

/** Begins the names of distinct users by day, country and platform. */
export const DAILY_USERS = 'daily_users '

export function add(figures: Figures, name: string, value: number): void {
  figures.set(name, (figures.get(name) ?? 0) + value)
}

export type Difference = {
  readonly what: string
  readonly expected: number
  readonly actual: number
}

/** Where `actual`, without what was there before, is not what is expected; in the order of names. */
export function differences(
  expected: ReadonlyMap<string, number>,
  actual: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number>,
): Difference[] {
  const names = new Set([...expected.keys(), ...actual.keys(), ...before.keys()])
  return [...names].sort().flatMap((what) => {
    const found = (actual.get(what) ?? 0) - (before.get(what) ?? 0)
    const due = expected.get(what) ?? 0
    return found === due ? [] : [{ what, expected: due, actual: found }]
  })
}
