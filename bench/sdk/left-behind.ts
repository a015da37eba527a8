import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { marksIn } from './faulty-server.ts'
import type { SdkName } from './protocols.ts'
import { readStorage } from './sdks/browser.ts'

/** The marks of events that wait in the storage of an SDK whose process has ended. */
export function leftBehind(sdk: SdkName, folder: string): ReadonlySet<string> {
  if (sdk === 'segment') return new Set()
  if (sdk === 'questline') return marksIn(databases(folder).flatMap(jsonOfEvents).join('\n'))
  const stored = Object.entries(readStorage(folder))
  if (sdk === 'posthog') return marksIn(stored.map(([, value]) => value).join('\n'))
  const queues = stored.filter(([name]) => name.endsWith('::ga_event')).map(([, value]) => value)
  return marksIn(queues.flatMap(unpacked).join('\n'))
}

const databases = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.db'))
    .map((name) => join(folder, name))

function jsonOfEvents(file: string): string[] {
  const database = new DatabaseSync(file)
  try {
    return database
      .prepare('SELECT json FROM events')
      .all()
      .map((row) => String(row['json']))
  } finally {
    database.close()
  }
}

/** GameAnalytics keeps each event as JSON in base64. */
function unpacked(queue: string): string[] {
  const entries: readonly { readonly event: string }[] = JSON.parse(queue)
  return entries.map(({ event }) => Buffer.from(event, 'base64').toString())
}
