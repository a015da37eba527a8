// Reads the documentation as the tests need it: pages, sections, tables, code and links.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')

export type Page = {
  /** From the root of the repository, with forward slashes. */
  readonly path: string
  readonly text: string
}

export const readPage = (path: string): Page => ({
  path,
  text: readFileSync(join(ROOT, path), 'utf8'),
})

/** Every Markdown file that is committed or would be. */
export function allPages(): Page[] {
  // A clone that belongs to another user (a mounted folder) is read all the same.
  const args = ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others']
  const output = execFileSync('git', [...args, '--exclude-standard', '*.md'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  const paths = output.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)))
  return paths.map(readPage)
}

const HEADING = /^(#+) (.+)$/

/** What stands below the heading, up to the next one of its level or above. Empty without it. */
export function section(text: string, title: string): string {
  const lines = withoutCode(text).split('\n')
  const start = lines.findIndex((line) => HEADING.exec(line)?.[2] === title)
  if (start < 0) return ''
  const depth = HEADING.exec(lines[start] ?? '')?.[1]?.length ?? 0
  const end = lines.findIndex(
    (line, index) => index > start && (HEADING.exec(line)?.[1]?.length ?? 99) <= depth,
  )
  const all = text.split('\n')
  return all.slice(start + 1, end < 0 ? all.length : end).join('\n')
}

/** Rows of the first table in `text`, without its head; cells trimmed. */
export function tableRows(text: string): string[][] {
  const lines = text.split('\n')
  const rule = lines.findIndex((line) => /^\|[-| ]+\|$/.test(line))
  if (rule < 0) return []
  const rows = lines.slice(rule + 1)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return rows.slice(0, end < 0 ? rows.length : end).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

/** What stands in back quotes in a cell; the cell itself when nothing does. */
export const quoted = (cell: string): string => /`([^`]+)`/.exec(cell)?.[1] ?? cell

export type CodeBlock = { readonly language: string; readonly text: string }

export function codeBlocks(text: string): CodeBlock[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', code = '']) => ({
    language,
    text: code,
  }))
}

/** The text with fenced code blanked, line by line, so that nothing in it is taken for prose. */
export const withoutCode = (text: string): string =>
  text.replace(/^```[\s\S]*?^```$/gm, (block) => block.replace(/[^\n]/g, ''))

/** Pieces of code in prose. */
export const codeSpans = (text: string): string[] =>
  [...withoutCode(text).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)

/** Where links and pictures lead, as written; those inside of code are none. */
export const linkTargets = (text: string): string[] =>
  [
    ...withoutCode(text)
      .replace(/`[^`\n]*`/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ].map(([, target = '']) => target)

/** The anchors that a page's headings have on the usual hosts. */
export const anchorsOf = (text: string): Set<string> =>
  new Set(
    withoutCode(text)
      .split('\n')
      .flatMap((line) => HEADING.exec(line)?.[2] ?? [])
      .map((title) =>
        title
          .toLowerCase()
          .replace(/[^\p{L}\p{N} _-]/gu, '')
          .replaceAll(' ', '-'),
      ),
  )
