const HEAD_END = Buffer.from('\r\n\r\n')
/** As Node and Fastify write it; other spellings take the slower way. */
const LENGTH = Buffer.from('content-length: ')
/** "HTTP/1.1 200": where the status stands. */
const STATUS = { from: 9, to: 12 } as const

/**
 * Bytes of the whole answer that `data` begins with, or null while some of it has not come.
 * @throws on an answer without a Content-Length, whose end a keep-alive connection cannot show
 */
export function answerBytes(data: Buffer): number | null {
  const headEnd = data.indexOf(HEAD_END)
  if (headEnd < 0) return null
  const bytes = headEnd + HEAD_END.length + bodyBytes(data, headEnd)
  return data.length >= bytes ? bytes : null
}

export const statusOf = (answer: Buffer): string =>
  answer.toString('latin1', STATUS.from, STATUS.to)

function bodyBytes(data: Buffer, headEnd: number): number {
  const at = data.indexOf(LENGTH)
  if (at >= 0 && at < headEnd) {
    return Number.parseInt(data.toString('latin1', at + LENGTH.length, headEnd), 10)
  }
  const head = data.toString('latin1', 0, headEnd)
  const length = /^content-length:[ \t]*(\d+)/im.exec(head)?.[1]
  if (length !== undefined) return Number(length)
  if (/^HTTP\/1\.1 (?:204|304)/.test(head)) return 0
  throw new Error(`an answer without Content-Length:\n${head}`)
}
