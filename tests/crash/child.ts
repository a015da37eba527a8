// The server under test as a process of its own, seen from the process that is never killed.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { START_COMMAND } from '../start-command.ts'
import { DEATH_NOTE, type Order, type Reply } from './server.ts'

export type Ending = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** What it wrote to its standard output. */
  readonly said: string
}

/** A server as a process, however it was started. */
export type Program = {
  readonly address: string
  readonly pid: number
  kill(signal: NodeJS.Signals): void
  isGone(): boolean
  readonly gone: Promise<Ending>
  /** What it wrote to its standard error. */
  complaints(): string
}

export type Server = Program & {
  /** From the start of the process until it said that it can take writes. */
  readonly readyMs: number
  arm(at: string): void
  steps(): Promise<Readonly<Record<string, number>>>
  allowPages(pages: number): Promise<void>
  /** `synchronous` and `journal_mode` of the connection that writes. */
  durability(): Promise<Readonly<Record<string, unknown>>>
}

/** All settings of the server come from here, nothing from the environment of the tests. */
export type Settings = Readonly<Record<string, string>>

/** The step at which the process killed itself; null when it did not. */
export const placeOfDeath = ({ said }: Ending): string | null =>
  said
    .split('\n')
    .find((line) => line.startsWith(DEATH_NOTE))
    ?.slice(DEATH_NOTE.length) ?? null

const READY_MS_MAX = 30_000

/**
 * Starts `server.ts`; resolves when it can take writes.
 * @throws when it ends before that, with what it said
 */
export async function startServer(settings: Settings): Promise<Server> {
  const startedMs = performance.now()
  const child = fork(join(import.meta.dirname, 'server.ts'), {
    execArgv: [],
    env: { ...settings },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const watched = watch(child)
  const { address } = await orItsEnd(hear(child, 'listening'), watched)
  await ready(address)
  return {
    ...watched,
    address,
    readyMs: performance.now() - startedMs,
    arm: (at) => order(child, { kind: 'arm', at }),
    steps: async () => (await ask(child, { kind: 'steps' }, 'steps')).counts,
    async allowPages(pages) {
      await ask(child, { kind: 'allow-pages', pages }, 'allowed')
    },
    durability: async () => (await ask(child, { kind: 'durability' }, 'durability')).pragmas,
  }
}

const ROOT = join(import.meta.dirname, '..', '..')

/** The server as users start it, by its command. It may listen, or end before it does. */
export function startCommand(settings: Settings): Command {
  const [, ...words] = START_COMMAND
  const child = spawn(process.execPath, [...words, '--json'], {
    cwd: ROOT,
    env: { ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const watched = watch(child)
  const address = once(createInterface(child.stdout), 'line')
  return {
    ...watched,
    async listening() {
      const [line] = await orItsEnd(address, watched)
      return { ...watched, address: String(JSON.parse(line).address) }
    },
  }
}

type Watched = Omit<Program, 'address'>
export type Command = Watched & {
  /** @throws when it ends before it listens */
  listening(): Promise<Program>
}

function watch(child: ChildProcess): Watched {
  let said = ''
  let complained = ''
  child.stdout?.on('data', (text: Buffer) => {
    said += text.toString()
  })
  child.stderr?.on('data', (text: Buffer) => {
    complained += text.toString()
  })
  // `close`, not `exit`: only then has everything arrived that it wrote.
  const gone = once(child, 'close').then(
    (): Ending => ({ code: child.exitCode, signal: child.signalCode, said }),
  )
  return {
    pid: child.pid ?? 0,
    kill: (signal) => void child.kill(signal),
    isGone: () => child.exitCode !== null || child.signalCode !== null,
    gone,
    complaints: () => complained,
  }
}

/** @throws when the process ends before `event` */
function orItsEnd<T>(event: Promise<T>, { gone, complaints }: Watched): Promise<T> {
  const early = gone.then(({ code, signal }): never => {
    throw new Error(`the server ended with ${code ?? signal} before it listened:\n${complaints()}`)
  })
  // Once it listens, its end is what the tests wait for.
  early.catch(() => undefined)
  return Promise.race([event, early])
}

async function ready(address: string): Promise<void> {
  const answer = await fetch(`${address}/health/ready`, {
    signal: AbortSignal.timeout(READY_MS_MAX),
  })
  if (!answer.ok) throw new Error(`the server is not ready: ${await answer.text()}`)
}

function order(child: ChildProcess, message: Order): void {
  child.send(message)
}

function ask<K extends Reply['kind']>(child: ChildProcess, message: Order, kind: K) {
  const answer = hear(child, kind)
  order(child, message)
  return answer
}

async function hear<K extends Reply['kind']>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<Reply, { readonly kind: K }>> {
  for (;;) {
    const [message]: Reply[] = await once(child, 'message')
    if (message && isOf(message, kind)) return message
  }
}

const isOf = <K extends Reply['kind']>(
  message: Reply,
  kind: K,
): message is Extract<Reply, { readonly kind: K }> => message.kind === kind
