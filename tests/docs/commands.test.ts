import { describe, expect, it } from 'vitest'
import { type Run, runNode } from '../run-node.ts'
import { allPages, codeBlocks, codeSpans, type Page, ROOT } from './markdown.ts'

type Called = { readonly page: string; readonly words: readonly string[]; readonly line: string }

/** Every `questline …` in code, with the words that may name a command. */
function callsIn({ path, text }: Page): Called[] {
  const lines = [...codeSpans(text), ...codeBlocks(text).flatMap((block) => block.text.split('\n'))]
  return lines.flatMap((line) =>
    [...line.matchAll(/(?<![\w/.-])questline ((?:[a-z-]+ ?)+)?(.*)$/g)].map(
      ([all, words = '']) => ({
        page: path,
        words: words.trim().split(' ').filter(Boolean),
        line: all,
      }),
    ),
  )
}

/** What `--help` of a command says; asked once per command. */
const helps = new Map<string, Promise<Run>>()
function helpOf(command: readonly string[]): Promise<Run> {
  const name = command.join(' ')
  const run = helps.get(name) ?? runNode(['packages/server/src/cli.ts', ...command, '--help'], ROOT)
  helps.set(name, run)
  return run
}

async function subcommandsOf(command: readonly string[]): Promise<string[]> {
  const { output } = await helpOf(command)
  const list = /^Commands:\n((?: {2}.+\n?)+)/m.exec(output)?.[1] ?? ''
  return [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name = '']) => name)
}

/** The command that a line calls, as far as the words name one; undefined when the first does not. */
async function commandOf(words: readonly string[]): Promise<readonly string[] | undefined> {
  const command: string[] = []
  for (const word of words) {
    const known = await subcommandsOf(command)
    if (known.length === 0) break
    if (!known.includes(word)) return undefined
    command.push(word)
  }
  return command
}

async function faultOf({ page, words, line }: Called): Promise<string[]> {
  if (words.length === 0 && !line.includes('--')) return []
  const command = await commandOf(words)
  if (!command) return [`${page}: there is no such command in "${line}"`]
  const options = [...line.matchAll(/(?<=\s)--[a-z][a-z-]*/g)].map(([option]) => option)
  // Each help is a process of its own, so it is asked for only when it is needed.
  if (options.length === 0) return []
  const { output } = await helpOf(command)
  const unknown = options.filter((option) => !output.includes(option))
  return unknown.map((option) => `${page}: ${option} is no option in "${line}"`)
}

const faultsIn = async (pages: readonly Page[]): Promise<string[]> =>
  (await Promise.all(pages.flatMap(callsIn).map(faultOf))).flat()

describe('the commands in the documentation', () => {
  it('are commands of questline, with options that they have', async () => {
    expect(await faultsIn(allPages())).toEqual([])
  })

  it('would not pass with a command or an option that does not exist', async () => {
    const text =
      '`questline fly` `questline keys fly` `npx questline audit --fly`\n```\nquestline keys list --json\n```\n'
    const faults = await faultsIn([{ path: 'planted.md', text }])
    expect(faults.map((fault) => fault.split('"')[1])).toEqual([
      'questline fly',
      'questline keys fly',
      'questline audit --fly',
    ])
  })

  it('are all in the README', async () => {
    const readme = allPages().filter(({ path }) => path === 'README.md')
    const named = new Set(readme.flatMap(callsIn).map(({ words }) => words[0]))
    const missing = (await subcommandsOf([])).filter((name) => name !== 'help' && !named.has(name))
    expect(missing).toEqual([])
  })
})
