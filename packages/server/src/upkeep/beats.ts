import type { Books } from '../books/books.ts'
import { createLiveNodes, type LiveNodes } from '../nodes/nodes.ts'
import type { Stop } from '../platform/platform.ts'

/** Where other processes may serve from the same database. */
export function openNodes({ store, world, config }: Books): LiveNodes | null {
  if (config.store.database.kind === 'sqlite') return null
  const nodeId = world.random.bytes(16).toString('hex')
  return createLiveNodes(
    { store, clock: world.clock },
    { nodeId, beatMs: config.limits.nodeBeatMs },
  )
}

/** The first beat comes before the first request, so that a new node takes no more than its share. */
export async function startBeats(nodes: LiveNodes | null, { world, config }: Books): Promise<Stop> {
  if (nodes === null) return async () => undefined
  let running = Promise.resolve()
  const beat = () => {
    running = nodes.beat().catch((error: unknown) => {
      world.logger.warn({ err: error }, 'the other nodes were not counted, the last count stands')
    })
    return running
  }
  await beat()
  const timer = setInterval(beat, config.limits.nodeBeatMs)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await running
    await nodes.leave().catch(() => undefined)
  }
}
