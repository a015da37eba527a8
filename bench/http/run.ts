import { join } from 'node:path'
import {
  type Bench,
  type Figure,
  type Lab,
  type LoadResult,
  latencyNote,
  logInGuests,
  memoryFigure,
  pick,
  type RequestTemplate,
  ratios,
  type Subject,
  spread,
  startChild,
  takeTurns,
} from '../harness/harness.ts'
import { answerSize, canAnswer } from './canned-answer.ts'

const CONNECTIONS = 64

export const httpBench: Bench = {
  name: 'http',
  question: 'How close does an authenticated read come to bare node:http?',
  folder: import.meta.dirname,
  async measure(lab) {
    await using server = await lab.startServer('questline')
    const tokens = await logInGuests(server.port, CONNECTIONS)
    await using bare = await startBare(lab, server.port, tokens[0] ?? '')
    const balance: RequestTemplate = { method: 'GET', path: '/balance', tokens }
    const read = (name: string, subject: Subject) => () =>
      lab.load(name, subject, balance, { connections: CONNECTIONS })
    await lab.warmUp(server, balance, CONNECTIONS)
    await lab.warmUp(bare, balance, CONNECTIONS)
    const results = await takeTurns(lab.rounds, {
      questline: read('GET /balance', server),
      bare: read('bare node:http', bare),
    })
    const rate = (name: string, subject: Subject, loads: readonly LoadResult[]): Figure => ({
      name,
      unit: '/s',
      ...spread(pick(loads, 'perSecond')),
      costs: lab.costs(subject, loads),
      notes: [latencyNote(loads)],
    })
    const questline = rate('GET /balance', server, results.questline)
    const yardstick = rate('bare node:http, same bytes', bare, results.bare)
    const ratio: Figure = {
      name: 'GET /balance against bare node:http',
      unit: 'x',
      ...spread(ratios(pick(results.questline, 'perSecond'), pick(results.bare, 'perSecond'))),
      aim: { better: 'higher', floor: 0.45, target: 0.68 },
      notes: cpuNotes(questline, yardstick),
    }
    return [
      ratio,
      questline,
      yardstick,
      ...memoryFigure('server memory', lab.costs(server, results.questline)),
    ]
  },
}

/** The same ratio by CPU time, which holds also where the generator is the limit of the yardstick. */
function cpuNotes(questline: Figure, yardstick: Figure): string[] {
  const [ours, bare] = [questline.costs?.serverCpuUs, yardstick.costs?.serverCpuUs]
  return ours && bare ? [`${(bare / ours).toFixed(2)} × by CPU time`] : []
}

async function startBare(
  lab: Lab,
  port: number,
  token: string,
): Promise<Subject & AsyncDisposable> {
  const answer = await canAnswer(port, token)
  const child = await startChild<{ port: number; pid: number }>(
    join(import.meta.dirname, 'bare-http.ts'),
    { core: lab.cores.server, args: [JSON.stringify(answer)] },
  )
  const bare = {
    port: child.ready.port,
    pids: [child.ready.pid],
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  }
  const [expected, size] = [await answerSize(port, token), await answerSize(bare.port, token)]
  if (size !== expected) throw new Error(`the yardstick sends ${size} bytes, not ${expected}`)
  return bare
}
