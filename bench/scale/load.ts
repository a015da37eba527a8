// Batches of events, in a process of its own. Takes a BatchLoad as JSON from standard input and prints
// a LoadResult as JSON.
import { text } from 'node:stream/consumers'
import { type LoadPlan, runLoad } from '../harness/generator.ts'
import { batchesOf } from './batches.ts'

export type BatchLoad = {
  readonly plan: LoadPlan
  readonly key: string
  readonly session: number
}

const { plan, key, session }: BatchLoad = JSON.parse(await text(process.stdin))
const result = await runLoad(plan, batchesOf(key, session, plan.connections))
process.stdout.write(JSON.stringify(result))
