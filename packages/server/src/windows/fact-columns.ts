/** The key of a row of `window_facts`, in its order; beside it stands `value`. */
export const FACT_KEY = [
  ...(['grain', 'platform', 'start', 'app', 'country_code', 'metric', 'label'] as const),
] as const

/** What the two places of an event are told apart by, or folded: each row of the facts is of one of these. */
export const GROUPING_SETS = [
  ['country_code', 'platform'],
  ['country_code'],
  ['platform'],
  [],
] as const satisfies readonly (readonly ('country_code' | 'platform')[])[]
