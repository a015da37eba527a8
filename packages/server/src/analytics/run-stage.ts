import { setTimeout as sleep } from 'node:timers/promises'
import { StoreFailure } from '../store/store.ts'
import type { Stage } from './stage.ts'

/** How a stage follows the log. */
export type Follow = {
  readonly signal: AbortSignal
  /** Resolves when there may be something new, at the latest when the signal aborts. */
  idle(): Promise<void>
  /** After each step that took something, with the last offset that was seen. */
  onStep(stage: Stage, offset: number): void
  /** While another process does it: how far that one is. */
  onStandBy?(stage: Stage, offset: number): void
  /** After a step that went well again. */
  onRecovery(stage: Stage): void
  /** A failure, and after how many milliseconds the same step is tried again. */
  onFailure(stage: Stage, error: unknown, againMs: number): void
}

const AGAIN_MS = { unavailable: 1_000, first: 500, most: 30_000 }

/**
 * Runs a stage until the signal aborts: while there is something it takes it, then it waits. A step
 * that fails is tried again, with growing pauses: a bug of ours then stands in the log and in the
 * metrics until it is repaired, and nothing is skipped meanwhile.
 */
export async function runStage(stage: Stage, follow: Follow): Promise<void> {
  let failures = 0
  while (!follow.signal.aborted) {
    try {
      const isOurs = await stage.lease.take()
      const taken = isOurs ? await stage.step() : 0
      if (!isOurs) follow.onStandBy?.(stage, await stage.checkpoint())
      if (failures > 0) follow.onRecovery(stage)
      failures = 0
      if (taken > 0) follow.onStep(stage, await stage.checkpoint())
      // In either case the messages of this thread get their turn.
      if (taken > 0) await new Promise(setImmediate)
      else await follow.idle()
    } catch (error) {
      failures += 1
      const againMs = pauseMs(error, failures)
      follow.onFailure(stage, error, againMs)
      await sleep(againMs, undefined, { signal: follow.signal }).catch(() => undefined)
    }
  }
  await stage.lease.release()
}

function pauseMs(error: unknown, failures: number): number {
  if (error instanceof StoreFailure && error.kind === 'unavailable') return AGAIN_MS.unavailable
  return Math.min(AGAIN_MS.most, AGAIN_MS.first * 2 ** (failures - 1))
}

const LOOK_MS = 50

/**
 * Brings stages, in this order, to an offset once: here if nobody else holds their leases, else it
 * waits for who does.
 * @throws when the holder needs longer than `waitMs` without moving
 */
export async function catchUp(
  stages: readonly Stage[],
  offset: number,
  waitMs = 60_000,
): Promise<void> {
  for (const stage of stages) await stage.register()
  for (const stage of stages) await bring(stage, offset, waitMs)
}

async function bring(stage: Stage, offset: number, waitMs: number): Promise<void> {
  let seen = -1
  let waitedMs = 0
  for (;;) {
    const at = await stage.checkpoint()
    if (at >= offset) return stage.lease.release()
    if (await stage.lease.take()) {
      const taken = await stage.step()
      if (taken === 0 && (await stage.checkpoint()) < offset) await sleep(LOOK_MS)
      continue
    }
    waitedMs = at > seen ? 0 : waitedMs + LOOK_MS
    seen = at
    if (waitedMs >= waitMs) {
      throw new Error(`another process holds ${stage.name} and has stayed at ${at} of ${offset}`)
    }
    await sleep(LOOK_MS)
  }
}
