import type { EventStatus } from '@questline/contracts'
import type { PlannedEvent } from './planned-event.ts'

/** One event's verdict as it came over the wire. */
export type Verdict = {
  readonly event_id: string | null
  readonly status: EventStatus
  readonly code?: string
  readonly path?: string
}

/** Events on their way, each with the device that sends it. */
export type Tracked = {
  readonly event: PlannedEvent
  readonly device: DeviceCount
  readonly seq: number
  /** The server has it, as one answer or another said. */
  isAccepted: boolean
  /** That very answer came. It may come after a `duplicate` of the same, from another node. */
  isAcknowledged: boolean
  /** It has a final verdict, whichever. */
  hasArrived: boolean
}

/** What has come of one device's count of its own events. */
export type DeviceCount = { readonly version: string; arrived: number; highest: number }

const FAULTS_KEPT = 20

/**
 * Judges each verdict, and tells when an event is in for the first time. A `duplicate` says so too:
 * the first answer was lost on the way.
 */
export function createVerdicts(accept: (event: PlannedEvent) => void) {
  const waiting = new Map<string, Tracked>()
  const statuses: Record<EventStatus, number> = {
    ...{ accepted: 0, duplicate: 0, conflict: 0, rejected: 0, retry: 0 },
  }
  const codes = new Map<string, number>()
  const faults: string[] = []
  let faultCount = 0

  const blame = (text: string): void => {
    faultCount += 1
    if (faults.length < FAULTS_KEPT) faults.push(text)
  }

  const enter = (tracked: Tracked): void => {
    tracked.isAccepted = true
    accept(tracked.event)
  }

  /** What is refused for good has a number too, and is not lost. */
  const arrive = (tracked: Tracked): void => {
    if (tracked.hasArrived) return
    tracked.hasArrived = true
    tracked.device.arrived += 1
    tracked.device.highest = Math.max(tracked.device.highest, tracked.seq)
  }

  const judge = (tracked: Tracked, { status, code }: Verdict): void => {
    const { event, isAccepted, isAcknowledged } = tracked
    const { expects } = event
    arrive(tracked)
    const isIn = status === 'accepted' || (status === 'duplicate' && code === undefined)
    if (expects.status === 'accepted' && isIn) {
      if (!isAccepted) enter(tracked)
      if (status === 'duplicate') return
      if (isAcknowledged) blame(`${event.type} ${event.id} was accepted twice`)
      tracked.isAcknowledged = true
      return
    }
    if (status === expects.status && code === expects.code) return
    const due = [expects.status, expects.code ?? ''].join(' ').trim()
    blame(`${event.type} ${event.id} is ${status} ${code ?? ''}, not ${due}`)
  }

  return {
    /** The event is handed to the SDK. */
    track(tracked: Tracked): void {
      waiting.set(tracked.event.id.toLowerCase(), tracked)
    },

    /** Verdicts came over the wire, whether or not the SDK will hear of them. */
    see(verdicts: readonly Verdict[]): void {
      for (const verdict of verdicts) {
        statuses[verdict.status] = (statuses[verdict.status] ?? 0) + 1
        if (verdict.code !== undefined) {
          const name = `${verdict.status} ${verdict.code}`
          codes.set(name, (codes.get(name) ?? 0) + 1)
        }
        if (verdict.status === 'retry') continue
        const tracked = waiting.get((verdict.event_id ?? '').toLowerCase())
        if (tracked) judge(tracked, verdict)
        else blame(`a verdict came for ${verdict.event_id}, which nobody waits for`)
      }
    },

    /** The SDK hears of them: what has its final verdict is done. */
    deliver(verdicts: readonly Verdict[]): void {
      for (const { event_id: id, status } of verdicts) {
        if (status !== 'retry') waiting.delete((id ?? '').toLowerCase())
      }
    },

    blame,
    waiting: () => waiting.size,
    statuses: () => ({ ...statuses }),
    codes: () => Object.fromEntries([...codes].sort()),
    /** What was answered otherwise than it must be: the first of them, and how many in all. */
    faults: () => ({ count: faultCount, first: faults as readonly string[] }),
  }
}

export type Verdicts = ReturnType<typeof createVerdicts>
