export type ExactSum = {
  add(value: number): void
  total(): bigint
}

/** Adds doubles that are integers below 2^53, exactly: a sum goes over before it could round. */
export function createSum(): ExactSum {
  let small = 0
  let large = 0n
  return {
    add(value) {
      if (small + value > Number.MAX_SAFE_INTEGER) {
        large += BigInt(small)
        small = 0
      }
      small += value
    },
    total: () => large + BigInt(small),
  }
}
