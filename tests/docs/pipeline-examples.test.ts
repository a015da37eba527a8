import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseRules } from '../../packages/server/src/quality/quality.ts'
import { freshSqlite } from '../database.ts'
import { startServer, type TestServer } from '../http/server.ts'
import { questline } from '../questline.ts'
import { readPage, section } from './markdown.ts'

const PAGE = readPage('docs/pipeline.md').text

/** What a section does, in its order: events are sent, rates imported, a question asked and answered. */
type Step =
  | { readonly kind: 'events' | 'answer'; readonly json: unknown; readonly path: string }
  | { readonly kind: 'rates'; readonly csv: string }

const BLOCK = /(?:^`GET ([^`]+)` answers\n\n)?^```(json|csv)\n([\s\S]*?)^```$/gm

const stepsOf = (text: string): Step[] =>
  [...text.matchAll(BLOCK)].map(([, path = '', kind, content = '']) => {
    if (kind === 'csv') return { kind: 'rates', csv: content }
    return { kind: path === '' ? 'events' : 'answer', json: JSON.parse(content), path }
  })

const DEFINITIONS = section(PAGE, 'What counts')
const sections = DEFINITIONS.split(/^### /m)
  .slice(1)
  .map((text) => ({ name: text.slice(0, text.indexOf('\n')), steps: stepsOf(text) }))

describe('docs/pipeline.md', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer(
      { name: 'sqlite', fresh: freshSqlite },
      { settings: { CONSUMERS: 'on' } },
    )
  })
  afterAll(() => server.stop())

  const send = async (app: string, events: readonly object[]): Promise<void> => {
    const { key } = await server.books.accounts.keys.create({ scope: 'ingest', app })
    const whole = events.map((event) => ({ event_id: randomUUID(), platform: 'ios', ...event }))
    const answer = await server.send('/v1/events', { token: key, body: { events: whole } })
    const verdicts = answer.body['results'] as { status: string }[]
    expect(
      verdicts.map(({ status }) => status),
      answer.text,
    ).toEqual(events.map(() => 'accepted'))
  }
  const importRates = async (csv: string): Promise<void> => {
    const file = join(server.dataDir, 'rates.csv')
    await writeFile(file, csv)
    const settings = {
      DATABASE_URL: server.databaseUrl,
      DATA_DIR: server.dataDir,
      LOG_LEVEL: 'error',
    }
    const { exit, errors } = await questline(['rates', 'import', file], {
      folder: server.dataDir,
      settings,
    })
    expect([exit, errors]).toEqual([0, ''])
  }
  const expectAnswer = async (app: string, path: string, expected: unknown): Promise<void> => {
    const url = `${path}${path.includes('?') ? '&' : '?'}app=${app}`
    const isRight = async (): Promise<boolean> => {
      const { text } = await server.send(url, { token: server.keys.operator })
      try {
        expect(JSON.parse(text)).toMatchObject(expected as object)
        return true
      } catch (error) {
        if (Date.now() > deadline) throw error
        return false
      }
    }
    const deadline = Date.now() + 8_000
    while (!(await isRight())) await sleep(100)
  }

  it('has an example for each definition', () => {
    expect(sections.map(({ name }) => name)).toEqual([
      ...['A minute', 'Purchases and revenue', 'Other currencies', 'Users'],
      ...['Country and platform', 'Matches', 'Loss'],
    ])
    for (const { steps } of sections) {
      expect(steps.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['events', 'answer']))
    }
  })

  it.each(sections)('$name is as it says', async ({ name, steps }) => {
    const app = name.toLowerCase().replaceAll(' ', '-')
    for (const step of steps) {
      if (step.kind === 'rates') await importRates(step.csv)
      else if (step.kind === 'events') await send(app, step.json as object[])
      else await expectAnswer(app, step.path, step.json)
    }
  })

  it('shows rules that can be used', () => {
    const [, json = ''] =
      /```json\n(\{\s+"rules"[\s\S]*?)```/.exec(section(PAGE, 'Refused events')) ?? []
    expect(parseRules(json)).toHaveLength(4)
  })
})
