// A real Chromium, spoken to over its own protocol (CDP) with nothing but Node: started in a folder of
// its own, without a window, and without a way to anything but this machine.
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']

/** The program, by CHROMIUM or on the PATH; undefined where there is none. */
export function findChromium(): string | undefined {
  const { CHROMIUM, PATH = '' } = process.env
  const candidates = PATH.split(delimiter).flatMap((folder) => NAMES.map((n) => join(folder, n)))
  return [...(CHROMIUM ? [CHROMIUM] : []), ...candidates].find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const FLAGS = [
  ...['--headless=new', '--remote-debugging-port=0', '--no-first-run', '--disable-gpu'],
  ...['--no-default-browser-check', '--disable-background-networking', '--disable-sync'],
  ...['--disable-component-update', '--disable-extensions', '--disable-dev-shm-usage'],
  // Nothing but this machine has an address.
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
  // As root, as in a container, it refuses to start with its sandbox.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
]
const START_MS = 20_000
const CALL_MS = 10_000

type Answer = Readonly<Record<string, unknown>>

/** A tab. What is evaluated is JavaScript; promises are waited for, results are JSON. */
export type Tab = {
  evaluate<T>(expression: string): Promise<T>
  /** Until the expression is true. */
  until(expression: string): Promise<void>
  /** Leaves for another address, as a player does. */
  leave(url: string): Promise<void>
  /** Without network, or with one again. */
  setOffline(offline: boolean): Promise<void>
  /** What the page threw or logged as an error. */
  faults(): readonly string[]
  close(): Promise<void>
}

export type Browser = {
  open(url: string): Promise<Tab>
  /** Ends at once, as a crash does. */
  kill(): Promise<void>
}

/** @param profile keeps what pages store, from one browser to the next */
export async function startBrowser(program: string, profile: string): Promise<Browser> {
  rmSync(join(profile, 'DevToolsActivePort'), { force: true })
  const child = spawn(program, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: 'ignore',
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  try {
    const socket = await connect(await addressOf(child, profile))
    const protocol = speak(socket)
    return {
      open: (url) => openTab(protocol, url),
      async kill() {
        // First the process: without us its tabs would be online again.
        child.kill('SIGKILL')
        await ended
        socket.close()
      },
    }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

export const newProfile = (): string => mkdtempSync(join(tmpdir(), 'questline-browser-'))

/** It writes its port and path into its folder. */
async function addressOf(child: ChildProcess, profile: string): Promise<string> {
  const file = join(profile, 'DevToolsActivePort')
  for (let waited = 0; waited < START_MS; waited += 50) {
    if (child.exitCode !== null) throw new Error(`the browser ended with ${child.exitCode}`)
    const [port, path] = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
    if (port && path) return `ws://127.0.0.1:${port}${path}`
    await sleep(50)
  }
  throw new Error('the browser did not start in time')
}

function connect(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url)
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket)
    socket.onerror = () => reject(new Error(`no connection to ${url}`))
  })
}

type Heard = {
  readonly id?: number
  readonly method?: string
  readonly params?: Answer
  readonly sessionId?: string
  readonly result?: Answer
  readonly error?: { readonly message: string }
}

/** Calls by number, and what happens meanwhile by tab. */
function speak(socket: WebSocket) {
  const waiting = new Map<number, (heard: Heard) => void>()
  const listeners = new Map<string, (heard: Heard) => void>()
  let calls = 0
  socket.onmessage = ({ data }) => {
    const heard: Heard = JSON.parse(String(data))
    if (heard.id !== undefined) waiting.get(heard.id)?.(heard)
    else listeners.get(heard.sessionId ?? '')?.(heard)
  }
  return {
    listen: (sessionId: string, listener: (heard: Heard) => void) =>
      listeners.set(sessionId, listener),
    call(method: string, params: Answer = {}, sessionId?: string): Promise<Answer> {
      calls += 1
      const id = calls
      socket.send(JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) }))
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`no answer to ${method}`)), CALL_MS)
        waiting.set(id, ({ result, error }) => {
          clearTimeout(late)
          waiting.delete(id)
          if (error) reject(new Error(`${method}: ${error.message}`))
          else resolve(result ?? {})
        })
      })
    },
  }
}

async function openTab({ call, listen }: ReturnType<typeof speak>, url: string): Promise<Tab> {
  const { targetId } = await call('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await call('Target.attachToTarget', { targetId, flatten: true })
  const session = String(sessionId)
  const faults: string[] = []
  listen(session, ({ method, params }) => {
    if (method === 'Runtime.exceptionThrown') faults.push(JSON.stringify(params))
  })
  const ask = (method: string, params: Answer = {}) => call(method, params, session)
  for (const domain of ['Page', 'Runtime', 'Network']) await ask(`${domain}.enable`)
  await ask('Page.navigate', { url })

  const evaluate = async <T>(expression: string): Promise<T> => {
    const options = { expression, awaitPromise: true, returnByValue: true, userGesture: true }
    const { result, exceptionDetails } = await ask('Runtime.evaluate', options)
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`)
    return (result as { readonly value: T }).value
  }
  return {
    evaluate,
    async until(expression) {
      for (let waited = 0; waited < CALL_MS; waited += 50) {
        // A page that is being loaded has nothing to ask yet.
        if (await evaluate<unknown>(expression).catch(() => false)) return
        await sleep(50)
      }
      throw new Error(`never true: ${expression} ${faults.join(' ')}`)
    },
    leave: async (to) => void (await ask('Page.navigate', { url: to })),
    async setOffline(offline) {
      const still = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 }
      await ask('Network.emulateNetworkConditions', { offline, ...still })
    },
    faults: () => faults,
    close: async () => void (await call('Target.closeTarget', { targetId })),
  }
}
