// Watches the server's system calls, makes them fail, or kills it inside one of them. Needs strace and
// a kernel that lets us trace our own child; where either is missing the tests say so.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Node's SQLite syncs with fsync; others are built with fdatasync. */
export const SYNC = 'fsync,fdatasync'

export type Possible = {
  readonly isMissing: boolean
  /** For the name of a test that is skipped for it; empty when it is not. */
  readonly because: string
}

/** Whether a server can be traced here. Says so when it cannot, so that no test is skipped in silence. */
export async function tracingHere(): Promise<Possible> {
  const reason = await whyNoTracing()
  if (reason === null) return { isMissing: false, because: '' }
  const because = `skipped: system calls cannot be traced: ${reason}`
  console.log(because)
  return { isMissing: true, because: `, ${because}` }
}

/** Null when it can. */
async function whyNoTracing(): Promise<string | null> {
  const subject = spawn('sleep', ['10'], { stdio: 'ignore' })
  try {
    await once(subject, 'spawn')
    const tracing = await attach(subject.pid ?? 0, [`trace=${SYNC}`, `inject=${SYNC}:error=EIO`])
    await tracing.detach()
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    subject.kill('SIGKILL')
  }
}

export type Tracing = {
  /** Lets the process go on untraced. */
  detach(): Promise<void>
}

/**
 * Attaches to all threads of `pid`.
 * @param expressions as after `strace -e`
 * @param file where the trace goes
 */
export async function attach(
  pid: number,
  expressions: readonly string[],
  file = '/dev/null',
): Promise<Tracing> {
  const flags = expressions.flatMap((expression) => ['-e', expression])
  const tracer = spawn(
    'strace',
    ['-f', '-y', '-s', '8192', '-o', file, ...flags, '-p', String(pid)],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  const gone = new Promise<void>((resolve) => {
    tracer.once('error', ({ message }) => {
      said += message
      resolve()
    })
    tracer.once('close', () => resolve())
  })
  const attached = new Promise<void>((resolve) => {
    tracer.stderr.on('data', (text: Buffer) => {
      said += text.toString()
      if (said.includes(' attached')) resolve()
    })
  })
  await Promise.race([attached, gone])
  if (!said.includes(' attached')) throw new Error(said.trim().replaceAll('\n', '; '))
  return {
    async detach() {
      tracer.kill('SIGINT')
      await gone
    },
  }
}
