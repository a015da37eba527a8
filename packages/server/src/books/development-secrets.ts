import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Random, randomText } from '../platform/platform.ts'

type Secrets = { readonly jwt: string; readonly postback: string }

/**
 * The secrets of a development server: random, made at the first start and kept in `dataDir`,
 * readable by its owner only. There is no default that a stranger could know.
 */
export function developmentSecrets(dataDir: string, random: Random): Secrets {
  const file = join(dataDir, 'secrets.json')
  mkdirSync(dataDir, { recursive: true })
  const made: Secrets = { jwt: randomText(random, 48), postback: randomText(random, 48) }
  try {
    writeFileSync(file, `${JSON.stringify(made, null, 2)}\n`, { flag: 'wx', mode: 0o600 })
    return made
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  chmodSync(file, 0o600)
  const kept: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (isSecrets(kept)) return kept
  throw new Error(`${file} holds no secrets: remove it and they are made anew`)
}

const isSecrets = (value: unknown): value is Secrets =>
  typeof value === 'object' &&
  value !== null &&
  'jwt' in value &&
  typeof value.jwt === 'string' &&
  'postback' in value &&
  typeof value.postback === 'string'
