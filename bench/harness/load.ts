// Runs one load in a process of its own, so that it can be pinned to another core than the server.
// Usage: node bench/harness/load.ts '<JSON of LoadJob>'; prints a LoadResult as JSON.
import { readFileSync } from 'node:fs'
import { type LoadPlan, runLoad } from './generator.ts'

export type LoadJob = LoadPlan & {
  readonly method: 'GET' | 'POST'
  /** With `{c}` for the connection and `{n}` for the request's number, in path, body and headers. */
  readonly path: string
  readonly body?: string
  readonly headers: readonly string[]
  /** A file with one bearer token per line; connections take them in turn. */
  readonly tokensFile?: string
}

const job: LoadJob = JSON.parse(process.argv[2] ?? '{}')
const tokens = job.tokensFile ? readFileSync(job.tokensFile, 'utf8').trim().split('\n') : []
const run = `${process.pid}-${process.hrtime.bigint()}`

const fill = (text: string, connection: number, n: number): string =>
  text
    .replaceAll('{c}', String(connection))
    .replaceAll('{n}', String(n))
    .replaceAll('{run}', run)
const isTemplate = (text: string) => /\{(c|n|run)\}/.test(text)

function render(connection: number, n: number): string {
  const token = tokens[connection % tokens.length]
  const body = job.body === undefined ? '' : fill(job.body, connection, n)
  const lines = [
    `${job.method} ${fill(job.path, connection, n)} HTTP/1.1`,
    'host: 127.0.0.1',
    ...job.headers.map((header) => fill(header, connection, n)),
    ...(token === undefined ? [] : [`authorization: Bearer ${token}`]),
    ...(body === '' ? [] : ['content-type: application/json', `content-length: ${body.length}`]),
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

const varies = [job.path, job.body ?? '', ...job.headers].some(isTemplate)
const fixed = varies
  ? []
  : Array.from({ length: job.connections }, (_, c) => Buffer.from(render(c, 0)))
const result = await runLoad(job, (c, n) => fixed[c] ?? render(c, n))
process.stdout.write(JSON.stringify(result))
