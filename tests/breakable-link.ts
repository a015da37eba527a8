// A TCP proxy in front of a database, which a test can freeze, cut, or cut between a question and
// its answer: what networks do to connections.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export type BreakableLink = {
  /** The database's URL with the proxy's address. */
  readonly url: string
  /** Ends every connection now. */
  cut(): void
  /** Nothing passes any more, and nobody is told: a cable that was pulled. */
  freeze(): void
  /** As before for connections made from now on; those that froze or were cut stay so. */
  mend(): void
  /** The next message to the server that contains `text` arrives; its answer does not, the connection ends. */
  cutAfter(text: string): void
  /** Cuts so far that `cutAfter` asked for. */
  readonly cuts: () => number
  close(): Promise<void>
}

export async function openBreakableLink(databaseUrl: string): Promise<BreakableLink> {
  const target = new URL(databaseUrl)
  /** Both ends of each connection through which something still passes. */
  const pairs = new Set<readonly [Socket, Socket]>()
  const sockets = new Set<Socket>()
  let isFrozen = false
  let trigger: string | undefined
  let cuts = 0

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    const pair = [client, upstream] as const
    pairs.add(pair)
    let answersLost = false
    const isDead = () => isFrozen || !pairs.has(pair)
    for (const socket of pair) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        // Nor does one end hear of the other's end through a line that is dead.
        if (isDead()) return
        pairs.delete(pair)
        for (const other of pair) other.destroy()
      })
    }
    client.on('data', (chunk) => {
      if (isDead()) return
      if (trigger !== undefined && chunk.includes(trigger)) {
        trigger = undefined
        answersLost = true
      }
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      if (isDead()) return
      if (!answersLost) return client.write(chunk)
      cuts += 1
      return client.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a port has a number')
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String(address.port)
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: url.href,
    cut,
    freeze: () => {
      isFrozen = true
    },
    mend() {
      // What was lost stays lost: a connection that missed a part is out of step for ever.
      pairs.clear()
      isFrozen = false
    },
    cutAfter: (text) => {
      trigger = text
    },
    cuts: () => cuts,
    async close() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
