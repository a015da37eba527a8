// The yardstick: nothing but argon2id at the cost that the server uses, as many at once.
// Takes an Argon2Job as JSON from standard input and prints an Argon2Rate.
import { argon2, randomBytes } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { PASSWORD_COST } from '../../packages/server/src/accounts/accounts.ts'

export type Argon2Job = {
  readonly atOnce: number
  readonly warmupSeconds: number
  readonly seconds: number
}
export type Argon2Rate = {
  readonly perSecond: number
  /** CPU time of one hash. */
  readonly cpuUs: number
}

const parameters = {
  message: Buffer.from('a password that is hashed'),
  nonce: randomBytes(16),
  parallelism: PASSWORD_COST.lanes,
  memory: PASSWORD_COST.memoryKiB,
  passes: PASSWORD_COST.passes,
  tagLength: 32,
}

const hash = (): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    argon2('argon2id', parameters, (error, tag) => (error ? reject(error) : resolve(tag)))
  })

const { atOnce, warmupSeconds, seconds }: Argon2Job = JSON.parse(await text(process.stdin))
const fromMs = performance.now() + warmupSeconds * 1_000
const endMs = fromMs + seconds * 1_000
let hashes = 0

async function hashOn(): Promise<void> {
  while (performance.now() < endMs) {
    await hash()
    const nowMs = performance.now()
    if (nowMs >= fromMs && nowMs < endMs) hashes += 1
  }
}

const before = new Promise<NodeJS.CpuUsage>((resolve) => {
  setTimeout(() => resolve(process.cpuUsage()), warmupSeconds * 1_000)
})
await Promise.all(Array.from({ length: atOnce }, hashOn))
const { user, system } = process.cpuUsage(await before)
const rate: Argon2Rate = { perSecond: hashes / seconds, cpuUs: (user + system) / hashes }
process.stdout.write(JSON.stringify(rate))
