import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { sourceFiles, sourcePaths, subfolders } from './source-files.ts'

const LINES_MAX = 500
const FILE_BYTES_MAX = 500 * 1_024
const HEAD_LINES = { min: 2, max: 6 }

export function longFiles(root: string): string[] {
  return sourceFiles(root).flatMap(({ path, text }) => {
    const lines = text.replace(/\n$/, '').split('\n').length
    return lines > LINES_MAX ? [`${path}: ${lines} lines, more than ${LINES_MAX}`] : []
  })
}

/** A name that fits everything collects everything. */
export function catchAllNames(root: string): string[] {
  const name = /^(?:utils?|common|misc|helpers?|libs?|types|managers?)$/i
  return sourcePaths(root).flatMap((path) => {
    const part = path
      .replace(/^packages\/[^/]+\/src\//, '')
      .split('/')
      .map((segment) => segment.replace(/\..*$/, ''))
      .find((segment) => name.test(segment))
    return part === undefined ? [] : [`${path}: "${part}" says nothing, name the thing`]
  })
}

/** Each folder of the server has one file for outsiders, and it begins by saying what the folder is. */
export function frontDoors(root: string): string[] {
  const server = 'packages/server/src'
  const paths = sourcePaths(root)
  return subfolders(root, server).flatMap((folder) => {
    // The commands are called by main's other half, cli.ts, which is their front door.
    const isEmpty = !paths.some((path) => path.startsWith(`${server}/${folder}/`))
    if (folder === 'cli' || isEmpty) return []
    const door = `${server}/${folder}/${folder}.ts`
    if (!existsSync(join(root, door))) return [`${door}: missing, the folder has no front door`]
    const head = headLines(readFileSync(join(root, door), 'utf8'))
    if (head >= HEAD_LINES.min && head <= HEAD_LINES.max) return []
    return [
      `${door}: begins with ${head} lines of comment, not ${HEAD_LINES.min} to ${HEAD_LINES.max}`,
    ]
  })
}

function headLines(text: string): number {
  const lines = text.split('\n')
  const end = lines.findIndex((line) => !/^(?:\/\/|\/\*|\s*\*)/.test(line))
  return lines.slice(0, end).filter((line) => /[\p{L}\p{N}]/u.test(line)).length
}

/** Big files make every clone slow for ever. The lockfile is the one that we do not write ourselves. */
export function bigFiles(root: string): string[] {
  return gitPaths(root).flatMap((path) => {
    if (path === 'package-lock.json' || !existsSync(join(root, path))) return []
    const { size } = statSync(join(root, path))
    return size > FILE_BYTES_MAX ? [`${path}: ${Math.ceil(size / 1_024)} KB, more than 500`] : []
  })
}

/** A source that .gitignore covers works here and is missing in every clone. */
export function ignoredSources(root: string): string[] {
  const known = new Set(gitPaths(root))
  return sourcePaths(root)
    .filter((path) => !known.has(path))
    .map((path) => `${path}: ignored by git`)
}

/** What is committed and what would be: everything that git does not ignore. */
function gitPaths(root: string): string[] {
  // A clone that belongs to another user (a mounted folder) is read all the same.
  const args = ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others']
  const output = execFileSync('git', [...args, '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1_024 * 1_024,
  })
  return output.split('\0').filter((path) => path !== '')
}
