import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  allPages,
  anchorsOf,
  codeSpans,
  linkTargets,
  type Page,
  ROOT,
  readPage,
  section,
  tableRows,
} from './markdown.ts'

const PAGES = allPages()

function brokenLinks({ path, text }: Page): string[] {
  return linkTargets(text).flatMap((target) => {
    if (/^[a-z]+:/.test(target)) return []
    const [file = '', anchor] = target.split('#')
    const to = join(dirname(path), file)
    if (file !== '' && !existsSync(join(ROOT, to))) return [`${path}: ${target} leads nowhere`]
    if (anchor === undefined || !/\.md$|^$/.test(file)) return []
    const headings = file === '' ? text : readPage(to).text
    return anchorsOf(headings).has(anchor) ? [] : [`${path}: ${target} has no such heading`]
  })
}

/** A path that prose names: from the root, or from where the server's sources are. */
const PATH = /^[\w.-]+\/(?:[\w.-]+\/)*[\w.-]+\.(?:ts|mjs|md|json|sh)$/
const PLACES = ['', 'packages/server/src', 'packages/contracts/src']

function lostPaths({ path, text }: Page): string[] {
  return codeSpans(text).flatMap((span) => {
    const isKnown = PLACES.some((place) => existsSync(join(ROOT, place, span)))
    return PATH.test(span) && !span.startsWith('data/') && !isKnown
      ? [`${path}: there is no ${span}`]
      : []
  })
}

describe('the pages', () => {
  it('are there', () => {
    const paths = PAGES.map(({ path }) => path)
    for (const page of ['README.md', 'docs/operations.md', 'docs/api.md', 'docs/problems.md']) {
      expect(paths).toContain(page)
    }
  })

  it('link to what exists', () => expect(PAGES.flatMap(brokenLinks)).toEqual([]))

  it('name files that exist', () => expect(PAGES.flatMap(lostPaths)).toEqual([]))

  it('name no page of the internet by plain http, where anybody could change it', () => {
    const plain = PAGES.flatMap(({ path, text }) =>
      linkTargets(text)
        .filter((target) => target.startsWith('http:') && !target.includes('127.0.0.1'))
        .map((target) => `${path}: ${target}`),
    )
    expect(plain).toEqual([])
  })

  it('would not pass with a broken link, a lost heading or a lost file', () => {
    const planted = (text: string): Page => ({ path: 'docs/planted.md', text })
    expect(brokenLinks(planted('[a](gone.md)'))).toHaveLength(1)
    expect(brokenLinks(planted('[a](problems.md#gone)'))).toHaveLength(1)
    expect(brokenLinks(planted('# Here\n[a](#here) [b](#gone)'))).toHaveLength(1)
    expect(brokenLinks(planted('`[a](gone.md)`\n```\n[a](gone.md)\n```\n'))).toEqual([])
    expect(lostPaths(planted('`store/gone.ts` `store/writer.ts` `tests/tidy.test.ts`'))).toEqual([
      'docs/planted.md: there is no store/gone.ts',
    ])
  })
})

describe('the decisions', () => {
  const FOLDER = 'docs/decisions'
  const records = PAGES.filter(({ path }) => /^docs\/decisions\/\d{4}-.*\.md$/.test(path))
  const PARTS = ['Context', 'Decision', 'Why', 'Consequences', 'What would change our mind']

  it('are numbered without a gap', () => {
    const numbers = records.map(({ path }) => Number(path.slice(FOLDER.length + 1).slice(0, 4)))
    expect(numbers).toEqual(records.map((_, index) => index + 1))
    expect(records.length).toBeGreaterThan(0)
  })

  it.each(records.map((record) => [record.path, record.text]))(
    '%s has all its parts',
    (_, text) => {
      const parts = [...text.matchAll(/^\*\*(.+?)\*\*/gm)].map(([, part = '']) => part)
      const isPart = (part: string) => parts.some((one) => one.replace(/\.$/, '').startsWith(part))
      expect(PARTS.filter((part) => !isPart(part))).toEqual([])
    },
  )

  it('are listed in order, under the titles that they bear', () => {
    const listed = tableRows(readPage(`${FOLDER}/README.md`).text).map(([, link]) => link)
    const expected = records.map(({ path, text }) => {
      const title = /^# \d+\. (.+)$/m.exec(text)?.[1]
      return `[${title}](${relative(FOLDER, path)})`
    })
    expect(listed).toEqual(expected)
  })
})

describe("the README's promises", () => {
  const rows = tableRows(section(readPage('README.md').text, 'Promises'))

  it('are there', () => expect(rows.length).toBeGreaterThan(4))

  it.each(rows)('%s', (_promise, proof = '') => {
    const proofs = [...proof.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)]
    expect(proofs.length).toBeGreaterThan(0)
    for (const [, name = '', file = ''] of proofs) {
      expect(statSync(join(ROOT, file)).isFile()).toBe(true)
      expect(readFileSync(join(ROOT, file), 'utf8')).toContain(name)
    }
  })
})
