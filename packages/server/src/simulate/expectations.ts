import { isDeepStrictEqual } from 'node:util'
import type { Answer } from './wire.ts'

export type Mismatch = {
  /** What was asked or done, in words. */
  readonly what: string
  readonly expected: string
  readonly actual: string
}

export type Expectations = {
  /** Whether `actual` is `expected`; if not, it is noted. */
  same(what: string, actual: unknown, expected: unknown): boolean
  /** Whether the answer has this status and, if it is a problem, this code. */
  answered(what: string, answer: Answer, status: number, code?: string): boolean
  mismatches(): readonly Mismatch[]
}

export function createExpectations(): Expectations {
  const mismatches: Mismatch[] = []
  const same = (what: string, actual: unknown, expected: unknown): boolean => {
    if (isDeepStrictEqual(actual, expected)) return true
    mismatches.push({ what, expected: shown(expected), actual: shown(actual) })
    return false
  }
  return {
    same,
    answered(what, { status, body, text }, expectedStatus, expectedCode) {
      const code = status >= 400 ? body['code'] : undefined
      if (status === expectedStatus && code === expectedCode) return true
      const expected = [expectedStatus, expectedCode].filter((part) => part !== undefined).join(' ')
      mismatches.push({ what, expected, actual: `${status} ${text.slice(0, 300)}` })
      return false
    },
    mismatches: () => mismatches,
  }
}

const shown = (value: unknown): string => JSON.stringify(value) ?? 'nothing'
