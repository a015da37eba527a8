import { type Ask, FlinkError, fieldOf, lastCause, listField, textField } from './ask.ts'

export type JobState = {
  readonly id: string
  readonly name: string
  /** As Flink calls it: RUNNING, RESTARTING, FINISHED, FAILED, CANCELED … */
  readonly state: string
  readonly startedAt: number
}

/** What a job says of itself. */
export type JobReport = {
  readonly state: string
  /** The parts of it that do not run: state and name of each. */
  readonly waiting: readonly string[]
  readonly restarts: number
  /** The path of the newest checkpoint that is complete, and when it was. */
  readonly checkpoint: { readonly path: string; readonly at: number } | null
  /** What has reached the end of the job: windows that end before it are written. */
  readonly watermark: number | null
  /** Events that came when their minute was closed though they were not late: always 0. */
  readonly lostLate: number
}

/** Whether the job and each part of it runs. */
export const allRuns = ({ state, waiting }: JobReport): boolean =>
  state === 'RUNNING' && waiting.length === 0

/** The JobManager's REST API. */
export type JobManager = {
  jobs(): Promise<readonly JobState[]>
  /** Null when it does not know the job: after a restart it knows none. */
  report(jobId: string): Promise<JobReport | null>
  /** Why a job has failed last; null when it has not. */
  failure(jobId: string): Promise<string | null>
  cancel(jobId: string): Promise<void>
  /** The folder of the checkpoints, as Flink is configured. */
  checkpointFolder(): Promise<string | null>
}

const OVER: readonly string[] = ['FINISHED', 'FAILED', 'CANCELED']
export const isOver = (state: string): boolean => OVER.includes(state)

export function createJobManager(ask: Ask, url: string): JobManager {
  const get = (path: string): Promise<unknown> => ask('GET', `${url}${path}`)

  return {
    async jobs() {
      return listField(await get('/jobs/overview'), 'jobs').map((job) => ({
        id: textField(job, 'jid'),
        name: textField(job, 'name'),
        state: textField(job, 'state'),
        startedAt: Number(fieldOf(job, 'start-time')),
      }))
    },

    async report(jobId) {
      const job = await get(`/jobs/${jobId}`).catch((error: unknown) => {
        if (error instanceof FlinkError && error.status === 404) return null
        throw error
      })
      if (job === null) return null
      const vertices = listField(job, 'vertices')
      const waiting = vertices
        .filter((vertex) => fieldOf(vertex, 'status') !== 'RUNNING')
        .map((vertex) => `${textField(vertex, 'status')} ${textField(vertex, 'name')}`)
      const state = textField(job, 'state')
      return {
        ...{ state, waiting },
        ...(await checkpointsOf(get, jobId)),
        ...(await progressOf(get, jobId, vertices)),
      }
    },

    async failure(jobId) {
      const history = fieldOf(await get(`/jobs/${jobId}/exceptions`), 'exceptionHistory')
      const stack = fieldOf(listField(history, 'entries')[0], 'stacktrace')
      return typeof stack === 'string' ? lastCause(stack) : null
    },

    async cancel(jobId) {
      await ask('PATCH', `${url}/jobs/${jobId}?mode=cancel`)
    },

    async checkpointFolder() {
      const settings = await get('/jobmanager/config')
      const found = (Array.isArray(settings) ? settings : []).find(
        (each) => fieldOf(each, 'key') === 'execution.checkpointing.dir',
      )
      const value = fieldOf(found, 'value')
      return typeof value === 'string' ? value : null
    },
  }
}

type Get = (path: string) => Promise<unknown>

async function checkpointsOf(get: Get, jobId: string): Promise<Pick<JobReport, 'checkpoint'>> {
  const latest = fieldOf(await get(`/jobs/${jobId}/checkpoints`), 'latest')
  const completed = fieldOf(latest, 'completed')
  const path = fieldOf(completed, 'external_path')
  const at = Number(fieldOf(completed, 'latest_ack_timestamp'))
  return { checkpoint: typeof path === 'string' && path !== '' ? { path, at } : null }
}

async function progressOf(
  get: Get,
  jobId: string,
  vertices: readonly unknown[],
): Promise<Pick<JobReport, 'watermark' | 'lostLate' | 'restarts'>> {
  const of = await Promise.all(
    vertices.map(async (vertex) => {
      const path = `/jobs/${jobId}/vertices/${textField(vertex, 'id')}`
      const [watermarks, dropped] = await Promise.all([
        get(`${path}/watermarks`),
        sumOfMetric(get, `${path}/subtasks/metrics`, 'numLateRecordsDropped'),
      ])
      return { watermarks: Array.isArray(watermarks) ? watermarks : [], dropped }
    }),
  )
  const marks = of.flatMap(({ watermarks }) =>
    watermarks.map((each) => Number(fieldOf(each, 'value'))),
  )
  const least = Math.min(...marks)
  const [restarts] = await metricValues(get, `/jobs/${jobId}/metrics`, ['numRestarts'])
  return {
    watermark: Number.isSafeInteger(least) && least > 0 ? least : null,
    lostLate: of.reduce((sum, { dropped }) => sum + dropped, 0),
    restarts: restarts ?? 0,
  }
}

/** The names of operators stand before those of their metrics. */
async function sumOfMetric(get: Get, path: string, name: string): Promise<number> {
  const all = await get(path)
  const names = (Array.isArray(all) ? all : [])
    .map((each) => fieldOf(each, 'id'))
    .filter((id): id is string => typeof id === 'string' && id.endsWith(`.${name}`))
  if (names.length === 0) return 0
  const sums = await metricValues(get, `${path}`, names, 'sum')
  return sums.reduce((sum, value) => sum + value, 0)
}

async function metricValues(
  get: Get,
  path: string,
  names: readonly string[],
  field = 'value',
): Promise<readonly number[]> {
  const asked = names.map(encodeURIComponent).join(',')
  const values = await get(`${path}?get=${asked}${field === 'sum' ? '&agg=sum' : ''}`)
  return (Array.isArray(values) ? values : [])
    .map((each) => Number(fieldOf(each, field)))
    .filter(Number.isFinite)
}
