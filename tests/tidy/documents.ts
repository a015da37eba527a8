import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROBLEMS } from '@questline/contracts'

const PAGE = 'docs/problems.md'
const ROW = /^\| `([a-z-]+)` \| ([^|]*) \| ([^|]*) \| ([^|]*) \| (.*) \|$/gm

/** The page explains each problem code once, with the status and the retry of the table in contracts. */
export function problemsPage(root: string): string[] {
  if (!existsSync(join(root, PAGE))) return [`${PAGE}: missing`]
  const rows = [...readFileSync(join(root, PAGE), 'utf8').matchAll(ROW)]
  const codes = rows.map(([, code = '']) => code)
  const missing = Object.keys(PROBLEMS).filter((code) => !codes.includes(code))
  const twice = codes.filter((code, index) => codes.indexOf(code) !== index)
  return [
    ...missing.map((code) => `${PAGE}: ${code} is not explained`),
    ...twice.map((code) => `${PAGE}: ${code} is explained twice`),
    ...rows.flatMap(([, code = '', status = '', retry = '', key = '', text = '']) =>
      rowFaults(code, status, retry, key, text),
    ),
  ]
}

function rowFaults(code: string, status: string, retry: string, key: string, text: string) {
  const known: Readonly<Record<string, { status: number; retry: boolean }>> = PROBLEMS
  const problem = known[code]
  if (!problem) return [`${PAGE}: ${code} does not exist`]
  const expected = [String(problem.status), problem.retry ? 'yes' : 'no'] as const
  return [
    ...(status === expected[0]
      ? []
      : [`${PAGE}: ${code} has status ${expected[0]}, not ${status}`]),
    ...(retry === expected[1] ? [] : [`${PAGE}: ${code} has retry ${expected[1]}, not ${retry}`]),
    ...(key.trim() && text.trim() ? [] : [`${PAGE}: ${code} has an empty cell`]),
  ]
}

const LOCKFILE = 'package-lock.json'

/** A lockfile without addresses installs from whichever registry the machine is set to. */
export function lockfileAddresses(root: string): string[] {
  if (!existsSync(join(root, LOCKFILE))) return [`${LOCKFILE}: missing`]
  const lines = readFileSync(join(root, LOCKFILE), 'utf8').split('\n')
  return lines.flatMap((line, index) =>
    /"resolved":\s*"(?:https?|git|ssh)\b/.test(line)
      ? [`${LOCKFILE}:${index + 1}: records a download address`]
      : [],
  )
}

type Dependencies = Readonly<Record<string, string>>
type LockedPackages = Readonly<
  Record<
    string,
    Readonly<
      Partial<Record<'dependencies' | 'devDependencies' | 'optionalDependencies', Dependencies>>
    >
  >
>

/**
 * `npm ci` refuses a lockfile that lacks a dependency, an optional one for another system included.
 * `npm install` leaves out those that its registry does not have, and then only a new clone notices.
 */
export function lockfileGaps(root: string): string[] {
  if (!existsSync(join(root, LOCKFILE))) return [`${LOCKFILE}: missing`]
  const lock: { packages: LockedPackages } = JSON.parse(readFileSync(join(root, LOCKFILE), 'utf8'))
  return Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.keys({
      ...entry.dependencies,
      ...entry.devDependencies,
      ...entry.optionalDependencies,
    })
      .filter((name) => !isLocked(lock.packages, path, name))
      .map((name) => `${LOCKFILE}: ${name}, needed by ${path || 'the root'}, has no entry`),
  )
}

/** Whether `name` is found from `path` upwards, as Node looks for it. */
function isLocked(packages: LockedPackages, path: string, name: string): boolean {
  if (`${path === '' ? '' : `${path}/`}node_modules/${name}` in packages) return true
  return path !== '' && isLocked(packages, path.replace(/\/?[^/]*$/, ''), name)
}
