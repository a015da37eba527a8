import { questlineOn, type Surroundings } from './nodes.ts'

type Say = (line: string) => void

/** Brings the job of minutes up, from wherever it was left. */
export async function startMinutes(cluster: Surroundings, say: Say): Promise<void> {
  const { output, errors } = await questlineOn(cluster, ['flink', 'status', '--json'])
  const standing = output === '' ? null : JSON.parse(output).standing
  if (standing === null) throw new Error(`questline flink status failed:\n${errors}`)
  if (standing === 'running') return say('the job of minutes runs already')
  if (standing === 'outdated') await run(cluster, ['flink', 'stop'], say)
  const words = standing === 'absent' ? ['deploy'] : ['resume', '--upgrade']
  await run(cluster, ['flink', ...words], say)
}

/** Keeps its state as a savepoint; without it the next start goes on from a checkpoint. */
export async function stopMinutes(cluster: Surroundings, say: Say): Promise<void> {
  const { code, output, errors } = await questlineOn(cluster, ['flink', 'stop'])
  say(code === 0 ? output.trim() : errors.trim())
}

async function run(cluster: Surroundings, words: readonly string[], say: Say): Promise<void> {
  const { code, output, errors } = await questlineOn(cluster, words)
  if (code !== 0) throw new Error(`questline ${words.join(' ')} failed:\n${errors}`)
  say(output.trim())
}
