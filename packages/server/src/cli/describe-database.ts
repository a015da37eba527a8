import { relative } from 'node:path'
import type { Config } from '../config/config.ts'

/** The database for people: a file as seen from here, a server without its user and password. */
export function describeDatabase({ store: { database } }: Pick<Config, 'store'>): string {
  if (database.kind === 'sqlite') {
    const path = relative('', database.file)
    return path.startsWith('..') ? database.file : path
  }
  const { hostname, port, pathname } = new URL(database.url)
  return `postgresql://${hostname}${port === '' ? '' : `:${port}`}${pathname}`
}
