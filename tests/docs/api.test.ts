import { LIMITS, PROBLEMS, ROUTES, type Route } from '@questline/contracts'
import { describe, expect, it } from 'vitest'
import { readPage, section, tableRows } from './markdown.ts'

const PAGE = readPage('docs/api.md').text

const WHO: Readonly<Record<Route['access'], string>> = {
  anyone: 'anyone',
  optional: 'anyone; a player sees its own, an operator any',
  player: 'player',
  'player-or-server': 'player, server key',
  'player-or-operator': 'that player, operator key',
  ingest: 'ingest key',
  operator: 'operator key',
  'operator-of-all': 'operator key of every app',
  'operator-or-door': 'operator key of every app; this machine, where the door is open',
  verifier: 'who can prove it',
}

const rowOf = ({ method, path, aliases, access, idempotent }: Route): string[] => [
  `\`${method} ${path.replace(/:(\w+)/g, '{$1}')}\``,
  aliases.map((alias) => `\`${alias}\``).join(', '),
  WHO[access],
  idempotent ? 'yes' : '',
]

describe('docs/api.md', () => {
  it('lists every route with its other names, its callers and whether it takes a key', () => {
    expect(tableRows(section(PAGE, 'Routes'))).toEqual(ROUTES.map(rowOf))
  })

  it('names the routes that take a key where it explains keys', () => {
    const [sentence = ''] = section(PAGE, 'Idempotency').trim().split('It is optional')
    const named = [...sentence.matchAll(/`((?:POST|PUT) [^`]+)`/g)].map(([, route]) => route)
    const taking = ROUTES.filter(({ idempotent }) => idempotent)
    expect(named.sort()).toEqual(taking.map(({ method, path }) => `${method} ${path}`).sort())
  })

  it('says of each problem whether a retry can help, as the table of problems does', () => {
    const rows = tableRows(section(PAGE, 'Which answer means what'))
    const wrong = Object.entries(PROBLEMS).filter(([code, { status, retry }]) => {
      const ofStatus = rows.filter(([answer = '']) => answer.includes(String(status)))
      const row =
        ofStatus.find(([answer = '']) => answer.includes(`\`${code}\``)) ??
        ofStatus.find(([answer = '']) => !answer.includes('`'))
      return row?.[1]?.startsWith(retry ? 'yes' : 'no') !== true && !isLoginFirst(code, row)
    })
    expect(wrong.map(([code]) => code)).toEqual([])
  })

  it('gives every limit', () => {
    const limits = section(PAGE, 'Limits')
    const missing = Object.entries(LIMITS).filter(([name, value]) => {
      const kilobytes = name.endsWith('BodyBytesMax')
      const shown = kilobytes ? `${value / 1_024} KB` : value.toLocaleString('en-US')
      return !new RegExp(`(?<![\\d,])${shown}(?![\\d,])`).test(limits)
    })
    expect(missing).toEqual([])
  })
})

/** The same request may succeed after a new login, which is no retry of the table's kind. */
const isLoginFirst = (code: string, row: readonly string[] | undefined): boolean =>
  ['invalid-token', 'unauthenticated'].includes(code) && row?.[1]?.startsWith('once') === true
