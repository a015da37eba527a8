import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CLIENT_FAMILIES, EVENT_FAMILIES, LIMITS, VERDICT_CODES } from '@questline/contracts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { schemaFiles } from '../../packages/server/src/cli/schemas/schema-files.ts'
import { generatedFiles } from '../../packages/server/src/cli/schemas.ts'
import { ROOT } from '../docs/markdown.ts'
import { runNode } from '../run-node.ts'
import { anEvent, strangersAjv } from './catalogue.ts'

const CLI = resolve(ROOT, 'packages/server/src/cli.ts')
const parsed = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'))

describe('the committed files', () => {
  test.each([...generatedFiles()])(
    '%s is what the catalogue generates: npm run generate',
    (path, text) => {
      expect(readFileSync(join(ROOT, path), 'utf8')).toBe(text)
    },
  )

  test('are all that there is of schemas', async () => {
    const names = (await readdir(join(ROOT, 'schemas'))).filter((name) => name.endsWith('.json'))
    expect(names.sort()).toEqual([...schemaFiles().keys()].sort())
  })

  test('would differ after any change of a family', () => {
    const changed = EVENT_FAMILIES.map((family) => ({ ...family, version: '9-9-9' as const }))
    for (const [name, text] of schemaFiles(changed)) {
      if (name !== 'batch.json') expect(text).not.toBe(schemaFiles().get(name))
    }
  })
})

describe('the schema of a batch', () => {
  const ajv = strangersAjv()
  for (const { name } of EVENT_FAMILIES) ajv.addSchema(parsed(`schemas/${name}.json`))
  const takes = ajv.compile(parsed('schemas/batch.json'))
  const events = Object.values(CLIENT_FAMILIES).map(({ example }) => example)

  test('takes the examples of everything that games send', () => {
    expect(takes({ events })).toBe(true)
    expect(takes(parsed('schemas/batch.json').examples[0])).toBe(true)
  })

  test('refuses what the server logs itself, a bad event, and too many', () => {
    const { earn } = Object.fromEntries(EVENT_FAMILIES.map(({ name, example }) => [name, example]))
    expect(takes({ events: [{ ...anEvent('install'), ...earn, event_type: 'earn' }] })).toBe(false)
    expect(takes({ events: [...events, anEvent('purchase', { quantity: 0 })] })).toBe(false)
    const many = (count: number) => ({
      events: Array.from({ length: count }, () => anEvent('custom')),
    })
    expect(takes(many(LIMITS.batchEventsMax))).toBe(true)
    expect(takes(many(LIMITS.batchEventsMax + 1))).toBe(false)
    expect(takes({})).toBe(false)
  })
})

describe('docs/events.md', () => {
  const page = readFileSync(join(ROOT, 'docs/events.md'), 'utf8')
  test('explains each family with an example, each of its fields, and each verdict', () => {
    for (const { name, fields, example } of EVENT_FAMILIES) {
      const section = page.split(`\n### ${name}\n`)[1]?.split('\n### ')[0] ?? ''
      expect(section, name).toContain(JSON.stringify(example, null, 2))
      for (const field of Object.keys(fields)) expect(section).toContain(`| \`${field}\` |`)
    }
    for (const code of Object.keys(VERDICT_CODES)) expect(page).toContain(`| \`${code}\` |`)
  })

  test('says what each field is', () => {
    const rows = page.split('\n').filter((line) => /^\| (?:↳ )?`/.test(line))
    expect(rows.length).toBeGreaterThan(100)
    expect(rows.filter((row) => / \|\s*\|$/.test(row))).toEqual([])
  })
})

describe('questline schemas', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'questline-schemas-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test('lists the families, and prints the schema of one', async () => {
    const names = EVENT_FAMILIES.map(({ name }) => name)
    expect((await runNode([CLI, 'schemas'], folder)).output).toBe(`${names.join('\n')}\n`)
    const { output } = await runNode([CLI, 'schemas', 'purchase'], folder)
    expect(JSON.parse(output)).toEqual(parsed('schemas/purchase.json'))
  })

  test('writes all of them, and needs nothing else', async () => {
    await runNode([CLI, 'schemas', '--write'], folder)
    for (const [path, text] of generatedFiles()) {
      expect(readFileSync(join(folder, path), 'utf8')).toBe(text)
    }
  })

  test('releases what follows the last release, and nothing else', async () => {
    await runNode([CLI, 'schemas', '--release'], folder)
    const released = join(folder, 'schemas/released')
    expect(await readdir(released)).toHaveLength(EVENT_FAMILIES.length)

    const file = join(released, 'purchase.json')
    const wider = readFileSync(file, 'utf8').replace('"maxLength": 64', '"maxLength": 65')
    writeFileSync(file, wider)
    const refused = await runNode([CLI, 'schemas', '--release'], folder)
    expect(refused.exit).toBe(1)
    expect(refused.errors).toContain('/app_version: maxLength was 65, is 64: that is a revision')
    expect(readFileSync(file, 'utf8')).toBe(wider)
  })
})
