import type { Sink } from './sink.ts'

/** Prints each request that would go to Firehose and takes all of its records. */
export const createMock = (stream: string, print: (text: string) => void): Sink => ({
  async put(records) {
    const lines = records.map((record) => Buffer.from(record).toString())
    const bytes = records.reduce((sum, { length }) => sum + length, 0)
    print(
      `[MOCK FIREHOSE] PutRecordBatch ${stream}: ${records.length} records, ${bytes} bytes\n${lines.join('')}`,
    )
    return []
  },
  close: () => undefined,
})
