import { readFile } from 'node:fs/promises'
import { isFields } from '../quality/quality.ts'
import { CommandFailure } from './command-failure.ts'
import { unreadable } from './unreadable.ts'

/** How a refused event is put right. */
export type Fix = {
  /** `path=value` each. */
  readonly set: readonly string[]
  /** Of the whole event; null for as it came. */
  readonly file: string | null
}

/**
 * The event as it should be: of the file, else as it came, with the changes.
 * @throws CommandFailure when a file, a path or the bytes cannot be read
 */
export async function putRight(raw: Uint8Array, { set, file }: Fix): Promise<unknown> {
  const event = file === null ? parsedRaw(raw) : await parsedFile(file)
  for (const change of set) apply(event, change)
  return event
}

function parsedRaw(raw: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(raw).toString('utf8'))
  } catch {
    throw new CommandFailure(1, 'its bytes are no JSON: give the whole event with --file')
  }
}

async function parsedFile(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw unreadable(file, error)
  })
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CommandFailure(
      2,
      `${file} is no JSON: ${error instanceof Error ? error.message : error}`,
    )
  }
}

function apply(event: unknown, change: string): void {
  const at = change.indexOf('=')
  if (at < 1) throw new CommandFailure(2, `--set takes path=value, not "${change}"`)
  const path = change.slice(0, at).split('.')
  const name = path.pop() ?? ''
  let holder = event
  for (const part of path)
    holder = isFields(holder) && Object.hasOwn(holder, part) ? holder[part] : null
  if (!isFields(holder) || name === '__proto__') {
    throw new CommandFailure(2, `the event has no place for ${change.slice(0, at)}`)
  }
  holder[name] = fieldValue(change.slice(at + 1))
}

/** JSON, or else the text itself. */
function fieldValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
