import { isTest, type SourceFile, sourceFiles } from './source-files.ts'
import { lineAt } from './source-text.ts'

const SERVER = 'packages/server/src/'

/** The environment is read once, in config.ts, checked and passed down. */
export function environmentReads(root: string): string[] {
  const isReader = (path: string): boolean =>
    !path.startsWith('packages/') || path === `${SERVER}config/config.ts` || isTest(path)
  const files = sourceFiles(root).filter(({ path }) => !isReader(path))
  return files.flatMap((file) =>
    matches(
      file,
      /\bprocess\s*\??\.\s*env\b|\bprocess\s*(?:\?\.\s*)?\[|=\s*process\b(?!\s*\??\.)|\bimport\.meta\.env\b/g,
    ).map((line) => `${file.path}:${line}: only config.ts reads the environment`),
  )
}

/** Time, randomness and ids are passed in, so that tests and the simulation can set them. */
export function hiddenInputs(root: string): string[] {
  const files = serverFiles(root).filter(
    ({ path }) => !/^packages\/server\/src\/(?:platform\/|main\.ts$|cli\.ts$|cli\/)/.test(path),
  )
  const inputs = [
    ['Date.now', /\bDate\s*\.\s*now\b/g],
    ['new Date()', /\bnew\s+Date\b\s*(?:\(\s*\)|(?![\s(]))/g],
    ['Math.random', /\bMath\s*\.\s*random\b/g],
    ['randomUUID', /\brandomUUID\b/g],
    ['performance.now', /\bperformance\s*\.\s*now\b/g],
  ] as const
  return files.flatMap((file) =>
    inputs.flatMap(([name, pattern]) =>
      matches(file, pattern).map((line) => `${file.path}:${line}: ${name} must be passed in`),
    ),
  )
}

/** Outside the store the two databases are one; where they differ, the store has a word for it. */
export function dialectBranches(root: string): string[] {
  const files = serverFiles(root).filter(({ path }) => !path.startsWith(`${SERVER}store/`))
  const branch =
    /\b(?:if|switch)\s*\((?=[^\n)]*dialect\b)|dialect\s*[!=]==?|[!=]==?\s*[\w.?]*dialect\b|dialect\s*\?(?![.?:])/gi
  return files.flatMap((file) =>
    [...new Set(matches(file, branch))].map(
      (line) => `${file.path}:${line}: only store/ knows the dialect`,
    ),
  )
}

/** Work that is left open has an issue where someone will find it. */
export function openWork(root: string): string[] {
  return sourceFiles(root).flatMap((file) =>
    file.comments.flatMap(({ text, line }) => {
      const [, word] = /\b(TODO|FIXME|XXX)\b(?!.*#\d)/.exec(text) ?? []
      return word === undefined ? [] : [`${file.path}:${line}: ${word} without an issue number`]
    }),
  )
}

const serverFiles = (root: string): SourceFile[] =>
  sourceFiles(root).filter(({ path }) => path.startsWith(SERVER))

const matches = ({ code }: SourceFile, pattern: RegExp): number[] =>
  [...code.matchAll(pattern)].map(({ index }) => lineAt(code, index))
