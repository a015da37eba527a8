import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { ProblemError, REPORT } from '@questline/contracts'
import { accepts } from '../accept.ts'
import { type Answer, endpoint } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'
import { type ReportFile, reportFile } from '../report-files.ts'
import { csvOf } from '../rows-to-csv.ts'

/** A page that people mail is one file without scripts: nothing may run, nothing may be loaded. */
const PAGE_POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export const report = ({ reports }: EndpointParts) =>
  endpoint(REPORT, async ({ params, query, request }) => {
    const asked = reportFile(params.name)
    if (!asked) throw new ProblemError('not-found')
    const type = acceptedType(asked, request.headers.accept)
    const content = await contentOf(reports, asked, type, query.date)
    const headers = {
      etag: content.etag,
      'content-type': `${type}; charset=utf-8`,
      ...(type === 'text/html' ? { 'content-security-policy': PAGE_POLICY } : {}),
    }
    if (names(request.headers['if-none-match'], content.etag)) {
      return { status: 304, headers: { etag: content.etag }, body: NOTHING }
    }
    const length = content.bytes === null ? {} : { 'content-length': String(content.bytes) }
    const body = request.method === 'HEAD' ? Readable.from([]) : await content.read()
    return { status: 200, headers: { ...headers, ...length }, body }
  })

const NOTHING = Buffer.alloc(0)

function acceptedType({ name, types }: ReportFile, accept: string | undefined): string {
  const type = types.find((each) => accepts(accept, each))
  if (type !== undefined) return type
  throw new ProblemError('not-acceptable', { detail: `${name} is ${types.join(' or ')}.` })
}

type Content = {
  readonly etag: string
  /** Null where it is made while it is sent. */
  readonly bytes: number | null
  read(): Promise<Answer['body'] & (Buffer | Readable)>
}

async function contentOf(
  reports: EndpointParts['reports'],
  { name, file, rows }: ReportFile,
  type: string,
  date: string | undefined,
): Promise<Content> {
  if (name === 'run') return contentOfRun(reports, date)
  const found = await reports.open(file, date)
  if (!found) throw noReport(name, date)
  const { sha256, bytes } = found
  // The same rows in another form are other bytes, and so another content.
  const asRows = type === 'text/csv' ? rows : undefined
  return {
    etag: asRows ? `"${sha256}-csv"` : `"${sha256}"`,
    bytes: asRows ? null : bytes,
    async read() {
      const handle = await opened(found.file, name, date)
      const stream = handle.createReadStream()
      return asRows ? csvOf(stream, asRows) : stream
    },
  }
}

async function contentOfRun(
  reports: EndpointParts['reports'],
  date: string | undefined,
): Promise<Content> {
  const run = await reports.newest(date)
  if (!run) throw noReport('run', date)
  const text = Buffer.from(`${JSON.stringify(run, null, 2)}\n`)
  const etag = `"${createHash('sha256').update(text).digest('hex')}"`
  return { etag, bytes: text.length, read: async () => text }
}

/** Once it is open it can be read to its end, even when its run is removed meanwhile. */
async function opened(path: string, name: string, date: string | undefined): Promise<FileHandle> {
  try {
    return await open(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw noReport(name, date)
    }
    throw error
  }
}

function noReport(name: string, date: string | undefined): ProblemError {
  const which = date === undefined ? name : `${name} of ${date}`
  const option = date === undefined ? '' : ` --date ${date}`
  const detail = `There is no ${which}. Make it with POST /run-pipeline or \`questline reports run${option}\`.`
  return new ProblemError('no-report', { detail })
}

/** Whether `If-None-Match` has this tag. */
const names = (header = '', etag: string): boolean =>
  header.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')))
