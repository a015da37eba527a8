import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Bench, createLab, sqliteDatabases } from '../harness/harness.ts'
import { withTables } from '../harness/page.ts'
import { startCluster } from './cluster.ts'
import { figuresOf } from './figures.ts'
import { measureFlink } from './flink.ts'
import { measureLive } from './live.ts'
import { measureNodes } from './nodes.ts'
import { measureStages } from './stages.ts'
import { tablesOf } from './tables.ts'

const PAGE = join(import.meta.dirname, '../../docs/scale.md')
/** Of a turn: there are many. */
const SECONDS_MAX = 2
/** What the part on PostgreSQL alone does without. */
const ENGINES = ['kafka', 'jobmanager', 'taskmanager', 'gateway'] as const

export const scaleBench: Bench = {
  name: 'scale',
  question:
    'What does each part of a large installation cost, and which is the first at its limit?',
  folder: import.meta.dirname,
  database: 'postgres',
  async measure(lab) {
    // Databases are those of the cluster, and no process is tied to a core: CPU time is what counts.
    const free = createLab({
      ...{ ...lab, databases: sqliteDatabases, cores: { server: null, generator: null } },
      seconds: Math.min(lab.seconds, SECONDS_MAX),
    })
    await using cluster = await startCluster(['postgres'], lab.say)
    const nodes = await measureNodes(free, cluster)
    for (const name of ENGINES) await cluster.engines.start(name)
    const stages = await measureStages(free, cluster)
    const flink = await measureFlink(free, cluster)
    const live = await measureLive(free, cluster)
    for (const said of [...free.describeServers(), ...free.remarks]) lab.remark(said)
    return figuresOf({ nodes, stages, flink, live })
  },
  publish(report) {
    writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8'), 'bench/scale', tablesOf(report)))
  },
}
