import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const JDK_MIN = 17

/** Something that this machine has not got; the message says what to do. */
export class MissingRequirement extends Error {}

/** The programs that the cluster is made with. */
export type Requirements = { readonly java: string; readonly maven: string }

/**
 * Finds a JDK and Maven, by JAVA_HOME and PATH.
 * @throws MissingRequirement with what is missing and how to get it
 */
export function requirements(env: Readonly<Record<string, string | undefined>>): Requirements {
  const home = env['JAVA_HOME']
  const java = home ? join(home, 'bin', 'java') : 'java'
  // It prints to stderr: openjdk version "17.0.15" 2025-04-15, or "1.8.0_392" of old ones.
  const version = firstOutput(java, ['-version'])
  const major = Number(/version "(\d+)/.exec(version ?? '')?.[1] ?? Number.NaN)
  if (!(major >= JDK_MIN)) {
    throw new MissingRequirement(
      `Kafka and Flink need a JDK of version ${JDK_MIN} or newer; ${found(java, version)}. Install one (Debian: apt install openjdk-17-jdk-headless; macOS: brew install openjdk@17), and set JAVA_HOME if it is not the first on the PATH.`,
    )
  }
  const maven = 'mvn'
  const mavenVersion = firstOutput(maven, ['--version'])
  if (!/Apache Maven \d/.test(mavenVersion ?? '')) {
    throw new MissingRequirement(
      `The jars of Kafka and Flink come by Maven; ${found(maven, mavenVersion)}. Install it (Debian: apt install maven; macOS: brew install maven).`,
    )
  }
  return { java, maven }
}

/** Whether the cluster can be started here; the reason when it cannot. */
export function whyNot(env: Readonly<Record<string, string | undefined>>): string | null {
  try {
    requirements(env)
    return null
  } catch (error) {
    if (error instanceof MissingRequirement) return error.message
    throw error
  }
}

const found = (program: string, version: string | null): string =>
  version === null ? `there is no ${program} here` : `${program} says: ${version}`

function firstOutput(program: string, words: readonly string[]): string | null {
  const { error, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8' })
  if (error) return null
  const lines = `${stdout}\n${stderr}`.split('\n').map((line) => line.trim())
  return lines.find((line) => /version|Maven/.test(line)) ?? ''
}
