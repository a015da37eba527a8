// The real server, in a process of its own. Prints one line when it listens, and stops in good
// order when its standard input closes, so it never outlives who started it.
import { createHash } from 'node:crypto'
import { loadConfig } from '../../packages/server/src/config/config.ts'
import { startQuestline } from '../../packages/server/src/main.ts'

export type ServerReady = {
  readonly port: number
  readonly pid: number
  /** Of all settings but the secrets and the paths: equal hashes were equal servers. */
  readonly configHash: string
}

const config = loadConfig(process.env)
const questline = await startQuestline(config)
const { dataDir: _dataDir, secrets: _secrets, store, ...settings } = config
const hashed = JSON.stringify({ ...settings, store: { ...store, database: store.database.kind } })
const ready: ServerReady = {
  port: Number(new URL(questline.address).port),
  pid: process.pid,
  configHash: createHash('sha256').update(hashed).digest('hex').slice(0, 8),
}
process.stdout.write(`${JSON.stringify(ready)}\n`)
// Ctrl-C reaches the whole group of processes; the end of the input then decides.
process.on('SIGINT', () => undefined)
process.stdin.on('close', () => void questline.stop()).resume()
