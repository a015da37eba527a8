import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../free-port.ts'
import { layOutImage, listing } from './build-context.ts'
import { readDockerfile } from './dockerfile.ts'
import { exitCode, probe, type Started, startImage } from './processes.ts'
import { ROOT, repositoryFile } from './repository.ts'

const image = readDockerfile(repositoryFile('Dockerfile'))
const READY_TRIES_MAX = 100

let folder = ''
let app = ''
let server: Started | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'questline-image-'))
  app = join(folder, 'app')
  layOutImage(image, ROOT, app)
})

afterEach(async () => {
  server?.process.kill('SIGKILL')
  if (server !== undefined) await exitCode(server.process)
  server = undefined
  rmSync(folder, { recursive: true })
})

async function healthy(port: number, started: Started): Promise<void> {
  for (let tries = 0; tries < READY_TRIES_MAX; tries++) {
    if ((await probe(image, port)) === 0) return
    if (started.process.exitCode !== null) break
    await sleep(100)
  }
  throw new Error(`the health check never passed; the server said:\n${started.output()}`)
}

describe('what the image copies', () => {
  it('starts, becomes healthy, writes only to DATA_DIR and ends with 0 on SIGTERM', async () => {
    const before = listing(app)
    const port = await freePort()
    const dataDir = join(folder, 'data')

    server = startImage(app, {
      ...image.environment,
      ENVIRONMENT: 'development',
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: dataDir,
    })
    await healthy(port, server)
    server.process.kill('SIGTERM')

    expect(await exitCode(server.process), server.output()).toBe(0)
    expect(listing(app)).toEqual(before)
    expect(listing(dataDir)).not.toEqual([])
  }, 60_000)

  it('refuses to start as the bare image without secrets, and names them', async () => {
    const settings = { ...image.environment, HOST: '127.0.0.1', PORT: String(await freePort()) }

    server = startImage(app, { ...settings, DATA_DIR: join(folder, 'data') })

    expect(await exitCode(server.process)).not.toBe(0)
    expect(server.output()).toContain('JWT_SECRET')
  }, 30_000)
})
