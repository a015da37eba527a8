import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bundle, ENTRIES } from '../../packages/sdk/scripts/build.ts'

/** Bytes, minified and compressed as a game's own build does it. */
const BUDGETS: Readonly<Record<string, number>> = {
  '.': 6 * 1_024,
  './storage/local': 2 * 1_024,
  './storage/indexeddb': 2 * 1_024,
  './storage/file': 2 * 1_024,
  './storage/async': 2 * 1_024,
  './players': 2 * 1_024,
}

describe('the size of', () => {
  it.each(ENTRIES.map((entry) => [entry.name, entry] as const))(
    '%s is within its budget, with all that it needs',
    async (name, entry) => {
      const code = await bundle(entry, true)
      const { length } = gzipSync(code, { level: 9 })
      console.log(`@questline/sdk ${name}: ${code.length} bytes minified, ${length} with gzip`)
      expect(length).toBeLessThanOrEqual(BUDGETS[name] ?? 0)
      // It is all there: nothing is left to be installed beside it.
      const imports = [...code.matchAll(/\b(?:from|import)\s*\(?[`'"]([^`'"]+)/g)]
      const foreign = imports.map(([, specifier]) => specifier)
      expect(foreign.filter((specifier) => !specifier?.startsWith('node:'))).toEqual([])
      if (name !== './storage/file') expect(foreign).toEqual([])
    },
  )

  it('each entry has a budget', () => {
    expect(ENTRIES.map(({ name }) => name).sort()).toEqual(Object.keys(BUDGETS).sort())
  })
})
