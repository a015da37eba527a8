import { join } from 'node:path'
import { type CannedAnswer, canAnswer } from './canned-answer.ts'
import { type Figure, latencyNote, pick, ratios, spread } from './figures.ts'
import type { LoadResult } from './generator.ts'
import type { Lab, Subject } from './lab.ts'
import { startChild } from './processes.ts'
import type { RequestTemplate } from './request-template.ts'

/**
 * The yardstick for requests: bare `node:http` that takes the same bytes and sends what `server` has
 * answered once.
 * @throws when it does not send what the server did
 */
export async function startBare(
  lab: Lab,
  server: Subject,
  template: RequestTemplate,
): Promise<Subject & AsyncDisposable> {
  const answer = await canAnswer(server.port, template)
  const child = await startChild<{ port: number; pid: number }>(
    join(import.meta.dirname, 'bare-http.ts'),
    { core: lab.cores.server, args: [JSON.stringify(answer)] },
  )
  const bare = {
    port: child.ready.port,
    pids: [child.ready.pid],
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  }
  const [sent, wanted] = [await canAnswer(bare.port, template), answer].map(textOf)
  if (sent !== wanted) throw new Error(`the yardstick sends ${sent}, not ${wanted}`)
  return bare
}

const textOf = (answer: CannedAnswer): string => JSON.stringify(answer)

/** How fast the yardstick was, and what a request of it cost. */
export const bareFigure = (lab: Lab, bare: Subject, results: readonly LoadResult[]): Figure => ({
  name: 'bare node:http, same bytes',
  unit: '/s',
  ...spread(pick(results, 'perSecond')),
  costs: lab.costs(bare, results),
  notes: [latencyNote(results)],
})

/** The CPU time of a request in requests of the yardstick: what a slower machine changes less than any rate. */
export function inBareRequests(
  name: string,
  subject: readonly LoadResult[],
  bare: readonly LoadResult[],
): Figure[] {
  const cpu = (results: readonly LoadResult[]) =>
    results.flatMap(({ serverCpuUs }) => serverCpuUs ?? [])
  // Where the system does not tell, there is nothing to say.
  if (cpu(subject).length < subject.length || cpu(bare).length < bare.length) return []
  return [{ name, unit: 'x', ...spread(ratios(cpu(subject), cpu(bare))), notes: [] }]
}
