import { type RequestLimits, type Sink, SinkFailure } from './sink.ts'

export type FirehoseSettings = {
  readonly stream: string
  readonly region: string
  /** In place of the service's own; undefined for that. */
  readonly endpoint?: string
  readonly timeoutMs: number
}

/** `{"Data":""},` around each record. */
const RECORD_FRAME_BYTES = 12
/**
 * Of one request; the name of the stream and the frame around the records take up to 1 KiB. The service
 * does not say whether it counts the bytes of the records or those of the request, in base64: the larger
 * number is kept small.
 */
export const FIREHOSE_LIMITS: RequestLimits = {
  records: 500,
  bytes: 4 * 1_024 * 1_024 - 1_024,
  sizeOf: (bytes) => Math.ceil(bytes / 3) * 4 + RECORD_FRAME_BYTES,
}

/**
 * Amazon Firehose. Credentials come from where the AWS SDK looks for them, which is loaded only here.
 * It makes one attempt: only we know which records of a request are to be sent again.
 */
export async function createFirehose(settings: FirehoseSettings): Promise<Sink> {
  const { FirehoseClient, FirehoseServiceException, PutRecordBatchCommand } = await import(
    '@aws-sdk/client-firehose'
  )
  const { stream, region, endpoint, timeoutMs } = settings
  const client = new FirehoseClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: 1,
  })
  return {
    limits: FIREHOSE_LIMITS,
    // What it has acknowledged it has for good, and it keeps no account of where that came from.
    position: async () => null,
    settle: async () => undefined,
    async put(_lane, records, signal) {
      const command = new PutRecordBatchCommand({
        DeliveryStreamName: stream,
        Records: records.map(({ bytes }) => ({ Data: bytes })),
      })
      try {
        const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
        const answer = await client.send(command, { abortSignal })
        return failedOf(answer, records.length)
      } catch (error) {
        if (error instanceof SinkFailure) throw error
        const status =
          error instanceof FirehoseServiceException ? error.$metadata.httpStatusCode : undefined
        throw new SinkFailure(reasonOf(error), isPassing(error, status), { cause: error })
      }
    },
    close: () => client.destroy(),
  }
}

type Answer = {
  readonly FailedPutCount?: number | undefined
  readonly RequestResponses?: readonly { readonly ErrorCode?: string | undefined }[] | undefined
}

/** A request that went well may have failed for some of its records; the answers keep their order. */
function failedOf({ FailedPutCount: count, RequestResponses: answers }: Answer, sent: number) {
  if (count === 0) return []
  if (answers?.length !== sent) {
    throw new SinkFailure(`${answers?.length} answers for ${sent} records`, true)
  }
  return answers.flatMap(({ ErrorCode: code }, index) => (code === undefined ? [] : [index]))
}

/** Everything but a request that the service has understood and refused for good. */
function isPassing(error: unknown, status: number | undefined): boolean {
  if (status !== undefined && (status >= 500 || status === 429)) return true
  const name = error instanceof Error ? error.name : ''
  if (/Throttl|LimitExceeded|ServiceUnavailable|ExpiredToken/.test(name)) return true
  // No credentials are as wrong as wrong ones.
  return status === undefined && name !== 'CredentialsProviderError'
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error)
