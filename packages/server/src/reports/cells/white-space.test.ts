import { expect, it } from 'vitest'
import { singleSpaced, trimmed } from './white-space.ts'

it.each([
  ['', ''],
  ['a', 'a'],
  [' \u0085a b\u3000\n', 'a b'],
  ['\ufeffa\u200b', '\ufeffa\u200b'],
  ['\u2028\u00a0', ''],
])('trims %j to %j', (text, inner) => expect(trimmed(text)).toBe(inner))

it('folds each run of white space to one space', () =>
  expect(singleSpaced(' a\u00a0\u0085b\tc ')).toBe('a b c'))

it('takes no longer than a moment for spaces within and around', () => {
  const spaces = ' '.repeat(1 << 20)
  expect(trimmed(`${spaces}a${spaces}b${spaces}`)).toBe(`a${spaces}b`)
})
