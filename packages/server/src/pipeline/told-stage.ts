import type { Stage } from '../analytics/analytics.ts'
import type { FromPipeline } from './messages.ts'

/**
 * A stage that tells whether its lease is ours, and what each of its steps took.
 * @param monotonic milliseconds that never go backwards
 */
export function toldStage(
  stage: Stage,
  tell: (message: FromPipeline) => void,
  monotonic: () => number,
): Stage {
  let isHeld: boolean | null = null
  return {
    ...stage,
    lease: {
      async take() {
        const isOurs = await stage.lease.take()
        if (isOurs !== isHeld) tell({ kind: 'lease', stage: stage.name, isHeld: isOurs })
        isHeld = isOurs
        return isOurs
      },
      async release() {
        await stage.lease.release()
        if (isHeld) tell({ kind: 'lease', stage: stage.name, isHeld: false })
        isHeld = null
      },
    },
    async step() {
      const beganAt = monotonic()
      const events = await stage.step()
      if (events > 0) {
        const commitMs = stage.commitMs?.() ?? null
        tell({ kind: 'batch', stage: stage.name, events, ms: monotonic() - beganAt, commitMs })
      }
      return events
    },
  }
}
