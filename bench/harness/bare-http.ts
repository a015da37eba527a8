// The yardstick: bare node:http that sends the same bytes to whatever is asked.
// Takes what to send as its argument and prints one line when it listens.
import { createServer } from 'node:http'
import type { CannedAnswer } from './canned-answer.ts'

const answer: CannedAnswer = JSON.parse(process.argv[2] ?? '')
const server = createServer((request, response) => {
  const send = (): void => {
    response.writeHead(200, [...answer.headers])
    response.end(answer.body)
  }
  if (request.method === 'GET') send()
  else request.on('end', send).resume()
})
server.keepAliveTimeout = answer.keepAliveMs
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a port has a number')
  process.stdout.write(`${JSON.stringify({ port: address.port, pid: process.pid })}\n`)
})
process.on('SIGINT', () => undefined)
process.stdin.on('close', () => server.close()).resume()
