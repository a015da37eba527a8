// The way to a server, which takes as long as it is told: what its client gives up meanwhile never arrives.
import { once } from 'node:events'
import { request as ask, createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

export async function openSlowWay(target: string) {
  let delayMs = 0
  const way = createServer(async (request, response) => {
    const body = await buffer(request).catch(() => null)
    await sleep(delayMs)
    if (body === null || response.destroyed) return
    const { method, headers, url = '/' } = request
    const onward = ask(
      new URL(url, target),
      { ...(method ? { method } : {}), headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    onward.on('error', () => response.destroy())
    onward.end(body)
  })
  way.listen(0, '127.0.0.1')
  await once(way, 'listening')
  const bound = way.address()
  if (bound === null || typeof bound === 'string') throw new Error('a port has a number')
  return {
    url: `http://127.0.0.1:${bound.port}`,
    delay(ms: number): void {
      delayMs = ms
    },
    stop(): void {
      way.close()
      way.closeAllConnections()
    },
  }
}
