// One PostgreSQL, started from here so that it inherits the core that this process is pinned to.
// Prints its URL, and stops when its standard input closes.
import { startPostgres } from '../../tests/postgres/postgres.ts'

export type PostgresReady = { readonly url: string; readonly pid: number }

const postgres = await startPostgres()
const ready: PostgresReady = { url: postgres.url, pid: process.pid }
process.stdout.write(`${JSON.stringify(ready)}\n`)
process.on('SIGINT', () => undefined)
process.stdin.on('close', () => void postgres.stop()).resume()
