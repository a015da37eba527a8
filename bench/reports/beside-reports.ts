import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Figure,
  type Lab,
  type LoadResult,
  lateNotes,
  latencyNote,
  logInGuests,
  pick,
  ratios,
  type Server,
  spread,
  takeTurns,
} from '../harness/harness.ts'
import type { GeneratedFiles } from './generated-files.ts'

/** So long that two reports and more are made meanwhile: their stages press on players in different ways. */
const READS = { connections: 16, perSecond: 1_000, seconds: 20 } as const

/** What a report that a running server makes does to its players, all on the server's one core. */
export async function besideReports(lab: Lab, files: GeneratedFiles): Promise<Figure> {
  const settings = { REPORTS_DIR: join(lab.folder, 'reports-of-server') }
  await using server = await lab.startServer('with reports', settings)
  for (const file of Object.keys(files.truth.files)) {
    copyFileSync(join(files.dir, file), join(server.dataDir, file))
  }
  const tokens = await logInGuests(server.port, READS.connections)
  const balance = { method: 'GET', path: '/balance', tokens } as const
  await lab.warmUp(server, balance, READS.connections)
  const read = (name: string) => lab.load(name, server, balance, READS)
  let made = 0
  const { alone, beside } = await takeTurns(lab.rounds, {
    alone: () => read('reads alone'),
    async beside() {
      const reports = keepMakingReports(server, files)
      const result = await read('reads beside a report')
      made += await reports.end()
      return result
    },
  })
  return figureOf(files, { alone, beside, made })
}

type Results = {
  readonly alone: readonly LoadResult[]
  readonly beside: readonly LoadResult[]
  readonly made: number
}

function figureOf({ size }: GeneratedFiles, { alone, beside, made }: Results): Figure {
  const rate = READS.perSecond.toLocaleString('en-US')
  return {
    name: `p95 of ${rate} reads/s beside a report of ${size.label}, against alone`,
    unit: 'x',
    ...spread(ratios(pick(beside, 'p95Ms'), pick(alone, 'p95Ms'))),
    aim: { better: 'lower', target: 1.3 },
    notes: [
      ...[`alone ${latencyNote(alone)}`, `beside ${latencyNote(beside)}`, ...lateNotes(beside)],
      `${made} reports were made meanwhile`,
    ],
  }
}

/** Always one in progress: the next begins when one is done, until somebody says that it is enough. */
function keepMakingReports({ port }: Server, { truth }: GeneratedFiles) {
  let wanted = true
  const url = `http://127.0.0.1:${port}/run-pipeline?date=${truth.lastDay}`
  const make = async (): Promise<number> => {
    let made = 0
    while (wanted) {
      const answer = await fetch(url, { method: 'POST' })
      const body = await answer.text()
      if (!answer.ok || !JSON.parse(body).ok) throw new Error(`no report: ${body}`)
      made += 1
    }
    return made
  }
  const making = make()
  making.catch(() => undefined)
  return {
    end() {
      wanted = false
      return making
    },
  }
}
