import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { ProblemError } from '@questline/contracts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { collectBody } from './collect-body.ts'
import { ReceivedRequest } from './received-request.ts'

const MAX = 10
/** How each body ended. */
let ends: string[]
let requests: IncomingMessage[]
let server: Server

beforeEach(async () => {
  ends = []
  requests = []
  server = createServer({ IncomingMessage: ReceivedRequest }, (request, response) => {
    requests.push(request)
    collectBody(request, MAX, (error, bytes) => {
      ends.push(error instanceof ProblemError ? error.code : bytes.toString())
      response.end()
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const open = async () => {
  const { port } = server.address() as AddressInfo
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return socket
}
const HEAD = 'POST / HTTP/1.1\r\nHost: here\r\n'
const sized = (body: string) => `${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`
const ended = async (count: number) => {
  while (ends.length < count) await turn()
  return ends
}

describe('a body', () => {
  it('is whole when it comes with its head, and when there is none', async () => {
    const socket = await open()
    socket.write(sized('with it') + sized(''))
    expect(await ended(2)).toEqual(['with it', ''])
  })

  it('is whole when it comes in pieces, its head long before', async () => {
    const socket = await open()
    socket.write(`${HEAD}Content-Length: 9\r\n\r\n`)
    while (requests.length === 0) await turn()
    for (const piece of ['in ', 'three', '!']) {
      socket.write(piece)
      for (let turns = 0; turns < 20; turns += 1) await turn()
    }
    expect(await ended(1)).toEqual(['in three!'])
  })

  it('is refused once where it is more than allowed, and none of the rest is taken', async () => {
    const socket = await open()
    socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n12345678\r\n`)
    expect(await ended(1)).toEqual(['body-too-large'])
    socket.write(`4\r\nmore\r\n0\r\n\r\n${sized('next')}`)
    expect(await ended(2)).toEqual(['body-too-large', 'next'])
  })

  it('fails when its connection ends before it', async () => {
    const socket = await open()
    socket.write(`${HEAD}Content-Length: 9\r\n\r\nin `)
    while (requests.length === 0) await turn()
    socket.destroy()
    expect(await ended(1)).toEqual(['malformed-request'])
  })
})

describe('a request that is answered', () => {
  it('has ended, so that its connection lets go of it', async () => {
    const socket = await open()
    socket.write(sized('a body'))
    await ended(1)
    expect(requests.map(({ readableEnded }) => readableEnded)).toEqual([true])
    await once(socket, 'data')
    expect(requests[0]?.listenerCount('end')).toBe(0)
  })
})
