import { readFileSync } from 'node:fs'
import { ConfigError } from '../config/config.ts'
import { parseRules, type Rule, RulesError } from '../quality/quality.ts'

/**
 * The studio's own rules; none without a file.
 * @throws ConfigError when the file cannot be read or used
 */
export function loadRules(file: string | null): readonly Rule[] {
  if (file === null) return []
  try {
    return parseRules(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof RulesError) {
      throw new ConfigError(error.faults.map((fault) => `QUALITY_RULES: ${fault}`))
    }
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError([`QUALITY_RULES: ${reason}`])
  }
}
