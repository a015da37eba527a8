// The fake server behind a real socket, for clients in other processes.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { FakeServer } from './fake-server.ts'

export type Served = { readonly url: string; stop(): void }

export async function serve(fake: FakeServer): Promise<Served> {
  const server = createServer(async (request, response) => {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    )
    try {
      const body = await buffer(request)
      const bytes = new Uint8Array(body).buffer
      const answer = await fake.fetch(String(request.url), { method: 'POST', headers, body: bytes })
      const retryAfter = answer.headers.get('retry-after')
      response.writeHead(answer.status, retryAfter ? { 'retry-after': retryAfter } : {})
      response.end(JSON.stringify(await answer.json()))
    } catch {
      // A fault of the network, or a client that was killed while it spoke.
      request.socket.destroy()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a port has a number')
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}
