import {
  type Bench,
  bareFigure,
  type Figure,
  latencyNote,
  logInGuests,
  memoryFigure,
  pick,
  type RequestTemplate,
  ratios,
  type Subject,
  spread,
  startBare,
  takeTurns,
} from '../harness/harness.ts'

const CONNECTIONS = 64

export const httpBench: Bench = {
  name: 'http',
  question: 'How close does an authenticated read come to bare node:http?',
  folder: import.meta.dirname,
  async measure(lab) {
    await using server = await lab.startServer('questline')
    const tokens = await logInGuests(server.port, CONNECTIONS)
    const balance: RequestTemplate = { method: 'GET', path: '/balance', tokens }
    await using bare = await startBare(lab, server, balance)
    const read = (name: string, subject: Subject) => () =>
      lab.load(name, subject, balance, { connections: CONNECTIONS })
    await lab.warmUp(server, balance, CONNECTIONS)
    await lab.warmUp(bare, balance, CONNECTIONS)
    const results = await takeTurns(lab.rounds, {
      questline: read('GET /balance', server),
      bare: read('bare node:http', bare),
    })
    const questline: Figure = {
      name: 'GET /balance',
      unit: '/s',
      ...spread(pick(results.questline, 'perSecond')),
      costs: lab.costs(server, results.questline),
      notes: [latencyNote(results.questline)],
    }
    const yardstick = bareFigure(lab, bare, results.bare)
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
