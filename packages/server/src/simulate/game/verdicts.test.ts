import { describe, expect, it } from 'vitest'
import type { PlannedEvent } from './planned-event.ts'
import { createVerdicts, type Verdict } from './verdicts.ts'

const EVENT: PlannedEvent = {
  ...{ id: 'e-1', type: 'match', at: 0, fields: {}, isLate: false, facts: null },
  expects: { status: 'accepted' },
}

const accepted: Verdict = { event_id: 'e-1', status: 'accepted' }
const duplicate: Verdict = { event_id: 'e-1', status: 'duplicate' }

function judged(...answers: readonly Verdict[]) {
  let entered = 0
  const verdicts = createVerdicts(() => {
    entered += 1
  })
  const device = { version: '1.0.0', arrived: 0, highest: 0 }
  const tracked = { isAccepted: false, isAcknowledged: false, hasArrived: false }
  verdicts.track({ event: EVENT, device, seq: 1, ...tracked })
  for (const answer of answers) verdicts.see([answer])
  return { entered, faults: verdicts.faults().first }
}

describe('the verdicts on one event', () => {
  it.each([
    ['accepted', [accepted]],
    ['accepted, and a duplicate afterwards', [accepted, duplicate, duplicate]],
    ['a duplicate, whose first answer was lost', [duplicate]],
    ['a duplicate from one node before the accepted from another', [duplicate, accepted]],
  ])('are right: %s', (_, answers) => {
    expect(judged(...answers)).toEqual({ entered: 1, faults: [] })
  })

  it.each([
    ['at once', [accepted, accepted]],
    ['with a duplicate between', [accepted, duplicate, accepted]],
    ['after a duplicate', [duplicate, accepted, accepted]],
  ])('are wrong when it is accepted twice, %s', (_, answers) => {
    expect(judged(...answers)).toEqual({
      ...{ entered: 1, faults: ['match e-1 was accepted twice'] },
    })
  })
})
