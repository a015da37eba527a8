import { codeBlocks, section } from './markdown.ts'

/** What a worked example says of each file: its text as it stands on the page. */
export type Example = Readonly<Record<string, string>>

/**
 * The code blocks of a section, each under the name in the last back quotes before it that names a
 * file or a list: `In `costs_daily.csv`:`, and then the block.
 */
export function exampleIn(page: string, title: string): Example {
  const text = section(page, title)
  const found: Record<string, string> = {}
  let at = 0
  for (const block of codeBlocks(text)) {
    const start = text.indexOf(`\`\`\`${block.language}\n${block.text}`, at)
    const before = text.slice(at, start)
    const name = [...before.matchAll(/`([a-z_0-9]+(?:\.csv|\.json)|postbacks|events)`/g)].at(
      -1,
    )?.[1]
    if (name === undefined || name in found) throw new Error(`${title}: a block without a name`)
    found[name] = block.text
    at = start + block.text.length
  }
  return found
}
