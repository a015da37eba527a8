import { FIREHOSE_LIMITS } from './firehose.ts'
import type { Sink } from './sink.ts'

/** Prints each request that would go to Firehose and takes all of its records. */
export const createMock = (stream: string, print: (text: string) => void): Sink => ({
  limits: FIREHOSE_LIMITS,
  position: async () => null,
  settle: async () => undefined,
  async put(_lane, records) {
    const lines = records.map((record) => Buffer.from(record.bytes).toString())
    const bytes = records.reduce((sum, record) => sum + record.bytes.length, 0)
    print(
      `[MOCK FIREHOSE] PutRecordBatch ${stream}: ${records.length} records, ${bytes} bytes\n${lines.join('')}`,
    )
    return []
  },
  close: () => undefined,
})
