import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants, setPriority } from 'node:os'
import { text } from 'node:stream/consumers'
import type { GoodRun, RunErrorKind } from './run-summary.ts'
import { settleRuns } from './settle-runs.ts'
import { summaryText } from './summary-text.ts'

/** How a run in a process of its own ended, as a shell would see it. */
export type EndedRun = {
  readonly run: string | null
  /** The exit code of the command; 128 and the number of the signal that killed it. */
  readonly returncode: number
  /** What it did, for people. */
  readonly stdout: string
  /** Why there are no new reports, in one line. */
  readonly stderr: string
}

export type StartedRun = {
  /** Null when it ended before it had begun. */
  readonly run: string | null
  readonly ended: Promise<EndedRun>
}

export type Pipeline = {
  /** Resolves once the run has begun, or could not. */
  start(request: { readonly date?: string }): Promise<StartedRun | 'busy' | 'stopping'>
  /** Stops the run that is in progress, gracefully if it can, and takes no new one. */
  stop(): Promise<void>
}

export type PipelineParts = {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Called with every run that ended, whether somebody waited for it or not. */
  readonly onEnd?: (ended: EndedRun) => void
}

export type PipelineSettings = {
  /** The program `questline` with its arguments up to there. */
  readonly program: readonly [string, ...string[]]
  /** All of the environment of that program. */
  readonly environment: Readonly<Record<string, string>>
  /** The folder of the reports. */
  readonly out: string
  readonly timeLimitMs: number
}

/** So long a run has to end by itself when it is told to. */
const GRACE_MS = 5_000
const SERVER_STOPS = 'the server was stopped'

/**
 * Makes runs in processes of their own, one at a time. What they compute with is native code and
 * takes gigabytes: there it can be limited, killed, and take nothing down with it.
 */
export function createPipeline(parts: PipelineParts, settings: PipelineSettings): Pipeline {
  let current: Promise<EndedRun> | undefined
  let stopCurrent: ((reason: string) => void) | undefined
  let stopping = false

  return {
    async start({ date }) {
      if (stopping) return 'stopping'
      if (current) return 'busy'
      const words = ['reports', 'run', '--json', ...(date === undefined ? [] : ['--date', date])]
      const child = launch(settings, words)
      const begun = beginningOf(child)
      const { ended, stop } = watch(child, begun, parts, settings)
      current = ended
      stopCurrent = stop
      const forget = () => {
        current = undefined
        stopCurrent = undefined
      }
      void ended.then(forget, forget)
      const beginning = await begun
      if (beginning.failed === 'busy') return ended.then(() => 'busy')
      return { run: beginning.run ?? null, ended }
    },
    async stop() {
      stopping = true
      stopCurrent?.(SERVER_STOPS)
      await current
    },
  }
}

function launch({ program, environment }: PipelineSettings, words: readonly string[]) {
  const [file, ...before] = program
  const child = spawn(file, [...before, ...words], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  // Requests come first. At once, since the threads that it makes have the priority of that moment.
  if (child.pid !== undefined) yieldTo(child.pid)
  return child
}

function yieldTo(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW)
  } catch {
    // It has ended already.
  }
}

type Beginning = { readonly run?: string; readonly failed?: RunErrorKind }

/** The first word of the process: its run, or why there is none. Empty when it died in silence. */
async function beginningOf(child: ChildProcess): Promise<Beginning> {
  const abort = new AbortController()
  const message = once(child, 'message', abort).then(([said]): Beginning => said)
  const exit = once(child, 'exit', abort).then((): Beginning => ({}))
  try {
    return await Promise.race([message, exit])
  } catch {
    return {}
  } finally {
    abort.abort()
    message.catch(() => undefined)
    exit.catch(() => undefined)
  }
}

function watch(
  child: ChildProcess,
  begun: Promise<Beginning>,
  { now, onEnd }: PipelineParts,
  { out, timeLimitMs }: PipelineSettings,
) {
  let reason: string | undefined
  let killer: NodeJS.Timeout | undefined
  const stop = (why: string): void => {
    reason ??= why
    if (child.connected) child.send({ stop: why }, () => undefined)
    else child.kill('SIGTERM')
    killer ??= setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
  }
  const limit = setTimeout(() => stop(`it took longer than ${inWords(timeLimitMs)}`), timeLimitMs)
  const end = async (): Promise<EndedRun> => {
    const [exit, output, errors] = await Promise.all([
      exitOf(child),
      child.stdout ? text(child.stdout) : '',
      child.stderr ? text(child.stderr) : '',
    ])
    clearTimeout(limit)
    clearTimeout(killer)
    const { run = null } = await begun
    const returncode = exit.code ?? 128 + (exit.signal ? constants.signals[exit.signal] : 0)
    const ended =
      returncode === 0
        ? { run, returncode, stdout: summaryText(JSON.parse(output) as GoodRun), stderr: '' }
        : { run, returncode, stdout: '', stderr: reason ?? lineOf(errors, exit.signal) }
    // One that was killed could not write why.
    if (exit.signal && run !== null) await settleRuns(out, now(), { [run]: ended.stderr })
    onEnd?.(ended)
    return ended
  }
  return { stop, ended: end() }
}

type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

const exitOf = (child: ChildProcess): Promise<Exit> =>
  new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    // Not even started, as where the machine has no memory for another process.
    child.once('error', () => resolve({ code: 1, signal: null }))
  })

/** The last line in which the command says why, without its name. */
function lineOf(errors: string, signal: NodeJS.Signals | null): string {
  if (signal) return `the run was ended by ${signal}, perhaps because memory ran out`
  const lines = errors.split('\n').filter((line) => line.trim() !== '')
  const last = lines.findLast((line) => line.startsWith('questline: ')) ?? lines.at(-1)
  return last?.replace(/^questline: /, '') ?? 'the run could not be started'
}

function inWords(ms: number): string {
  const seconds = ms / 1_000
  return seconds % 60 === 0 ? `${seconds / 60} minutes` : `${seconds} seconds`
}
