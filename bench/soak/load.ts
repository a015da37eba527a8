// Plays live batches in a process of its own. Takes a SoakLoad as JSON from standard input and prints
// a LoadResult as JSON.
import { text } from 'node:stream/consumers'
import { type LoadPlan, runLoad } from '../harness/generator.ts'
import { liveBatches } from './batches.ts'

export type SoakLoad = { readonly plan: LoadPlan; readonly key: string }

const job: SoakLoad = JSON.parse(await text(process.stdin))
process.stdout.write(JSON.stringify(await runLoad(job.plan, liveBatches(job.key))))
