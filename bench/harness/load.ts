// One load, in a process of its own so that it can be pinned to another core than the server.
// Takes a LoadJob as JSON from standard input and prints a LoadResult as JSON.
import { text } from 'node:stream/consumers'
import { type LoadPlan, runLoad } from './generator.ts'
import { cpuSecondsOf } from './process-usage.ts'
import { type RequestTemplate, requestsOf } from './request-template.ts'

export type LoadJob = {
  readonly plan: LoadPlan
  readonly template: RequestTemplate
  /** Whose CPU time counts as the server's: these processes and their children. */
  readonly serverPids: readonly number[]
}

const job: LoadJob = JSON.parse(await text(process.stdin))
const result = await runLoad(job.plan, requestsOf(job.template, job.plan.connections), () =>
  cpuSecondsOf(job.serverPids),
)
process.stdout.write(JSON.stringify(result))
