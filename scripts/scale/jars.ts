import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { MissingRequirement } from './requirements.ts'

/** Without its version, which the pom says; by its whole name, since `dependency:` has to be looked up. */
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies'
/** A registry that hangs is none. */
const LIMIT_MS = 10 * 60_000

const POMS = join(import.meta.dirname, '../../deploy/engines')

/** Folders whose jars are a class path. */
export type Jars = { readonly kafka: string; readonly flink: string }

/**
 * The jars of Kafka and Flink: from the cache, or by one call of Maven (about 245 MB, ten seconds
 * from nothing). A folder is named after what the poms say, and is there as a whole or not at all.
 * @throws MissingRequirement when Maven's registry cannot be reached
 */
export function fetchJars(maven: string, cacheFolder: string, say: (line: string) => void): Jars {
  const hash = createHash('sha256')
  for (const pom of ['pom.xml', 'kafka/pom.xml', 'flink/pom.xml']) {
    hash.update(readFileSync(join(POMS, pom)))
  }
  const folder = join(cacheFolder, `engines-${hash.digest('hex').slice(0, 12)}`)
  if (!existsSync(folder)) {
    say(`getting Kafka and Flink into ${folder} …`)
    copyInto(maven, cacheFolder, folder)
  }
  return { kafka: join(folder, 'kafka'), flink: join(folder, 'flink') }
}

function copyInto(maven: string, cacheFolder: string, folder: string): void {
  mkdirSync(cacheFolder, { recursive: true })
  const partial = mkdtempSync(`${folder}.partial-`)
  try {
    const { status, error, stdout, stderr } = spawnSync(
      maven,
      [...['-B', '-ntp', '-q', '-f', join(POMS, 'pom.xml'), `-Djars=${partial}`], COPY],
      { encoding: 'utf8', timeout: LIMIT_MS },
    )
    if (error || status !== 0) throw failureOf(error?.message ?? `${stdout}${stderr}`)
    // Another process may have been faster: then its folder stays.
    if (!existsSync(folder)) renameSync(partial, folder)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}

/** A jar that the registry does not have is a fault of our poms; one that it cannot send is not. */
function failureOf(said: string): Error {
  const [line] = said.split('\n').filter((text) => /transfer|ETIMEDOUT/i.test(text))
  if (line === undefined) return new Error(`Maven could not get the jars:\n${said}`)
  return new MissingRequirement(
    `The jars of Kafka and Flink come by Maven, whose registry cannot be reached (a mirror is set in ~/.m2/settings.xml): ${line.replace(/^.*\[ERROR\] /, '')}`,
  )
}
