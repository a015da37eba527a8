import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClientEventType, TrackProperties } from '@questline/contracts'
import type { EventFields, EventType } from '@questline/sdk'
import { expect, it } from 'vitest'
import { eventTypes } from '../../packages/sdk/scripts/event-types.ts'

const ROOT = join(import.meta.dirname, '../..')
const TSC = join(ROOT, 'node_modules/.bin/tsc')

it('the types of events are those of the catalogue (npm run generate -w packages/sdk)', () => {
  expect(readFileSync(join(ROOT, 'packages/sdk/src/events.ts'), 'utf8')).toBe(eventTypes())
})

/** What `track` takes of each type fits the catalogue's own type; checked by the compiler. */
type Fits = { [T in EventType]: EventFields[T] extends Loose<TrackProperties<T>> ? true : T }
type Loose<T> = { readonly [K in keyof T]: Loose<T[K]> | undefined }
const fits: true = true satisfies Fits[EventType]
const all: true = true satisfies Exclude<ClientEventType, EventType | 'sdk_health'> extends never
  ? true
  : false

it('what track() takes fits the catalogue', () => expect([fits, all]).toEqual([true, true]))

it('compiles without the types of Node and of browsers, so that it fits React Native', () => {
  const run = spawnSync(TSC, ['-p', 'packages/sdk'], { cwd: ROOT, encoding: 'utf8' })
  expect(run.stdout).toBe('')
  expect(run.status).toBe(0)
})

it('and would not if it used either', () => {
  const folder = mkdtempSync(join(tmpdir(), 'questline-types-'))
  try {
    writeFileSync(join(folder, 'x.ts'), 'export const a = process.pid + document.title\n')
    const extend = join(ROOT, 'packages/sdk/tsconfig.json')
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: extend, include: ['.'], exclude: [] }),
    )
    const run = spawnSync(TSC, ['-p', folder], { encoding: 'utf8' })
    expect(run.stdout).toContain("'process'")
    expect(run.stdout).toContain("'document'")
  } finally {
    rmSync(folder, { recursive: true })
  }
})
