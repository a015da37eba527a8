import { type Ask, FlinkError, fieldOf, listField, textField } from './ask.ts'
import { explanationOf, type Job, statementOf } from './job.ts'

/** The SQL Gateway's REST API, version 3. */
export type Gateway = {
  /** The plan that Flink makes of a job, which is not run. */
  explain(job: Job): Promise<string>
  /**
   * Runs a job; a batch job is done when this resolves, a streaming one has begun.
   * @param restoreFrom the path of a savepoint or a checkpoint, from which it goes on
   */
  run(job: Job, restoreFrom: string | null): Promise<string>
  /** Stops a job and writes its state; with `drain` all open minutes first, after which it must not go on. */
  stop(jobId: string, drain: boolean): Promise<string>
}

type Sleep = (ms: number) => Promise<unknown>

type Rows = { readonly jobId: string | null; readonly rows: readonly (readonly unknown[])[] }

const POLL_MS = { first: 20, most: 500 }

export function createGateway(
  { ask, sleep }: { readonly ask: Ask; readonly sleep: Sleep },
  url: string,
): Gateway {
  /** Tables and views are of a session; jobs go on without it. */
  const inSession = async <T>(
    properties: Readonly<Record<string, string>>,
    work: (session: string) => Promise<T>,
  ): Promise<T> => {
    const opened = await ask('POST', `${url}/v3/sessions`, { sessionName: 'questline', properties })
    const session = `${url}/v3/sessions/${textField(opened, 'sessionHandle')}`
    try {
      return await work(session)
    } finally {
      // One that is left open ends by itself after ten minutes.
      await ask('DELETE', session).catch(() => undefined)
    }
  }

  // Never with `executionTimeout`, which the gateway refuses (FLINK-27838).
  const execute = async (session: string, statement: string): Promise<Rows> => {
    const begun = await ask('POST', `${session}/statements`, { statement })
    const operation = `${session}/operations/${textField(begun, 'operationHandle')}`
    const rows: (readonly unknown[])[] = []
    let jobId: string | null = null
    let next: string | null = `${operation}/result/0?rowFormat=JSON`
    for (let waitMs = POLL_MS.first; next !== null; ) {
      const page = await ask('GET', next)
      const id = fieldOf(page, 'jobID')
      if (typeof id === 'string') jobId = id
      if (fieldOf(page, 'resultType') === 'NOT_READY') {
        await sleep(waitMs)
        waitMs = Math.min(waitMs * 2, POLL_MS.most)
        continue
      }
      for (const row of listField(fieldOf(page, 'results'), 'data'))
        rows.push(listField(row, 'fields'))
      const uri = fieldOf(page, 'nextResultUri')
      const isEnd = fieldOf(page, 'resultType') === 'EOS' || typeof uri !== 'string'
      next = isEnd ? null : new URL(uri, url).href
    }
    await ask('DELETE', `${operation}/close`).catch(() => undefined)
    return { jobId, rows }
  }

  const define = async (session: string, { definitions }: Job): Promise<void> => {
    for (const statement of definitions) {
      await ask('POST', `${session}/configure-session`, { statement })
    }
  }

  return {
    explain: (job) =>
      inSession(job.properties, async (session) => {
        await define(session, job)
        const { rows } = await execute(session, explanationOf(job))
        return String(rows[0]?.[0] ?? '')
      }),

    run: (job, restoreFrom) => {
      const state = restoreFrom === null ? {} : { 'execution.state-recovery.path': restoreFrom }
      return inSession({ ...job.properties, ...state }, async (session) => {
        await define(session, job)
        const { jobId } = await execute(session, statementOf(job))
        if (jobId === null) throw new FlinkError('the gateway has not said which job it made')
        return jobId
      })
    },

    stop: (jobId, drain) =>
      inSession({}, async (session) => {
        const statement = `STOP JOB '${jobId}' WITH SAVEPOINT${drain ? ' WITH DRAIN' : ''}`
        const path = (await execute(session, statement)).rows[0]?.[0]
        if (typeof path === 'string') return path
        throw new FlinkError('the gateway has not said where the savepoint is')
      }),
  }
}
