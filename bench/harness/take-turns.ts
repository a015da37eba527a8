/** What each contestant brought in each round. */
export type Rounds<Results> = { readonly [Name in keyof Results]: readonly Results[Name][] }

/** Lets each in turn, A B A B …, so that a machine that slows down slows all of them. */
export async function takeTurns<Results extends Readonly<Record<string, unknown>>>(
  rounds: number,
  contestants: { readonly [Name in keyof Results]: () => Promise<Results[Name]> },
): Promise<Rounds<Results>> {
  const names: (keyof Results)[] = Object.keys(contestants)
  const results: Partial<Record<keyof Results, unknown[]>> = {}
  for (let round = 1; round <= rounds; round++) {
    for (const name of names) {
      const result = await contestants[name]()
      results[name] = [...(results[name] ?? []), result]
    }
  }
  return results as Rounds<Results>
}
