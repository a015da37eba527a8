import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { readDockerfile } from './dockerfile.ts'
import { probe } from './processes.ts'
import { repositoryFile } from './repository.ts'

const image = readDockerfile(repositoryFile('Dockerfile'))

/** The exit code of the image's health check against a server that answers like this. */
async function checked(listener: RequestListener): Promise<number | null> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    return await probe(image, port)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

describe("the image's health check", () => {
  it('passes when /health/live answers 200', async () => {
    const paths: (string | undefined)[] = []

    const code = await checked((request, response) => {
      paths.push(request.url)
      response.end('{}')
    })

    expect(code).toBe(0)
    expect(paths).toEqual(['/health/live'])
  })

  it('fails when the answer is 503', async () => {
    expect(await checked((_request, response) => response.writeHead(503).end())).toBe(1)
  })

  it('fails, within the time that the engine gives it, when no answer comes', async () => {
    expect(await checked(() => {})).toBe(1)
  })

  it('fails when nothing listens', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))

    expect(await probe(image, port)).toBe(1)
  })
})
