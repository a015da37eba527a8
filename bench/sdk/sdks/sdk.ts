/** An SDK as the made-up game uses it. */
export type Sdk = {
  /** Never waits. The texts go with the event, to give it a size. */
  record(mark: string, isPurchase: boolean, texts: readonly string[]): void
  /** Ends it as its documentation says, within about that time. */
  end(withinMs: number): Promise<void>
}

export type Place = {
  readonly url: string
  /** Where what must survive the process is kept; without one it is kept in memory. */
  readonly folder?: string
  /** How many events may wait; only ours is asked to do with fewer. */
  readonly queueEvents?: number
}

/** t0, t1 …: what every SDK takes as free fields. */
export const textFields = (texts: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(texts.map((text, n) => [`t${n}`, text]))
