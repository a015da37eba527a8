// Amazon Firehose as far as we use it: it enforces the limits that the service documents, and fails
// in the ways that the service can. What it says it took is kept, and so is what it took in silence.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

const RECORDS_MAX = 500
const RECORD_BYTES_MAX = 1_000 * 1_024
const REQUEST_BYTES_MAX = 4 * 1_024 * 1_024

/** What becomes of a request that keeps the limits. */
export type Fate =
  | 'taken'
  /** Of the records at these places. */
  | { readonly failed: readonly number[] }
  /** Nothing is taken, and it says so. */
  | 'throttled'
  | 'broken'
  | 'no-such-stream'
  /** Everything is taken, and nobody is told. */
  | 'silent'
  | 'cut'

export type FakeFirehose = {
  readonly url: string
  /** Each request as it came: its records as text. */
  readonly requests: (readonly string[])[]
  /** What is in the stream, in its order. */
  readonly taken: string[]
  /** Limits that a request has broken. */
  readonly violations: string[]
  /** Of the next requests; `taken` for those after. */
  readonly fates: Fate[]
  close(): Promise<void>
}

export async function startFakeFirehose(): Promise<FakeFirehose> {
  const state = { requests: [], taken: [], violations: [], fates: [] } as Pick<
    FakeFirehose,
    'requests' | 'taken' | 'violations' | 'fates'
  >
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    const records = recordsOf(request, body, state.violations)
    const answer = (status: number, document: object): void => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
      response.end(JSON.stringify(document))
    }
    if (records === null) return answer(400, { __type: 'InvalidArgumentException' })
    state.requests.push(records)
    const fate = state.fates.shift() ?? 'taken'
    if (fate === 'throttled') return answer(400, { __type: 'ServiceUnavailableException' })
    if (fate === 'broken') return answer(500, { __type: 'InternalFailure' })
    if (fate === 'no-such-stream') return answer(400, { __type: 'ResourceNotFoundException' })
    const failed = typeof fate === 'object' ? new Set(fate.failed) : new Set<number>()
    records.forEach((record, index) => {
      if (!failed.has(index)) state.taken.push(record)
    })
    if (fate === 'silent') return
    if (fate === 'cut') return void request.socket.destroy()
    answer(200, {
      FailedPutCount: failed.size,
      RequestResponses: records.map((_record, index) =>
        failed.has(index)
          ? { ErrorCode: 'ServiceUnavailableException', ErrorMessage: 'Slow down.' }
          : { RecordId: `r${index}` },
      ),
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    ...state,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function recordsOf(
  { headers }: IncomingMessage,
  body: Buffer,
  violations: string[],
): readonly string[] | null {
  const before = violations.length
  if (headers['x-amz-target'] !== 'Firehose_20150804.PutRecordBatch')
    violations.push('another call')
  const { Records: records } = JSON.parse(body.toString()) as {
    readonly Records: readonly { readonly Data: string }[]
  }
  const data = records.map(({ Data }) => Buffer.from(Data, 'base64'))
  const bytes = data.reduce((sum, { length }) => sum + length, 0)
  if (data.length === 0 || data.length > RECORDS_MAX) violations.push(`${data.length} records`)
  if (data.some(({ length }) => length > RECORD_BYTES_MAX)) violations.push('a record too large')
  if (bytes > REQUEST_BYTES_MAX) violations.push(`${bytes} bytes of records`)
  if (body.length > REQUEST_BYTES_MAX) violations.push(`${body.length} bytes of request`)
  return violations.length > before ? null : data.map((record) => record.toString())
}
