/** Flink has said no, is not there, or a job does not run; the message says why. */
export class FlinkError extends Error {
  /** Of the answer; 0 without one. */
  readonly status: number
  constructor(message: string, status = 0, cause?: unknown) {
    super(message, { cause })
    this.name = 'FlinkError'
    this.status = status
  }
}

export type Ask = (
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  url: string,
  body?: unknown,
) => Promise<unknown>

/** Submitting a job takes 5 s on a cold gateway, a savepoint of much state longer. */
const TIMEOUT_MS = 120_000

/** One request to the gateway or the JobManager, answered in JSON. */
export const ask: Ask = async (method, url, body) => {
  const answer = await fetch(url, {
    method,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw new FlinkError(`${new URL(url).origin} does not answer: ${reasonOf(cause)}`, 0, cause)
  })
  const text = await answer.text()
  const json = parse(text)
  if (answer.ok) return json ?? {}
  throw new FlinkError(lastCause(textOf(json) ?? text), answer.status)
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Both services answer errors as `{errors: [...]}`, the stack last. */
function textOf(json: unknown): string | undefined {
  const errors = typeof json === 'object' && json !== null && 'errors' in json ? json.errors : []
  return Array.isArray(errors) ? errors.findLast((each) => typeof each === 'string') : undefined
}

const MESSAGE_CHARS_MAX = 1_500
/** A fault of the language is followed by the hundred words that could have stood there. */
const MESSAGE_LINES_MAX = 4

/** The last `Caused by:` of a Java stack is what a person wants to read; the rest is 10 KB of calls. */
export function lastCause(stack: string): string {
  const causes = stack.match(/Caused by:[^\n]*(?:\n(?!\s*(?:at |\.\.\. |Caused by))[^\n]*)*/g)
  const text = causes?.at(-1)?.replace(/^Caused by: */, '') ?? stack.split(/\n\s*at /)[0] ?? stack
  const lines = text.trim().split('\n').slice(0, MESSAGE_LINES_MAX)
  return lines.join('\n').slice(0, MESSAGE_CHARS_MAX)
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join(', ')
  return cause.cause === undefined ? cause.message : reasonOf(cause.cause)
}

/** What an answer holds under a name, when it is what it should be. */
export const fieldOf = (from: unknown, name: string): unknown =>
  typeof from === 'object' && from !== null
    ? Object.entries(from).find(([key]) => key === name)?.[1]
    : undefined

export function textField(from: unknown, name: string): string {
  const value = fieldOf(from, name)
  if (typeof value === 'string') return value
  throw new FlinkError(`an answer of Flink has no ${name}: ${JSON.stringify(from).slice(0, 300)}`)
}

export const listField = (from: unknown, name: string): readonly unknown[] => {
  const value = fieldOf(from, name)
  return Array.isArray(value) ? value : []
}
