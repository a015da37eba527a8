// Random lives of one device: tabs that open and crash, a network that does what it likes, clocks that
// jump. Whatever happens, the server ends up with each event once, and each device's count is whole.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createDevice, type Device, PURCHASE } from './device.ts'
import { START } from './fake-host.ts'
import { createFakeServer, type Fault } from './fake-server.ts'
import { createItems } from './items.ts'

const HOUR = 3_600_000

type Step =
  | { readonly do: 'track' | 'purchase'; readonly tab: number; readonly times: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'network'; readonly faults: readonly (Fault | undefined)[] }
  | { readonly do: 'open' | 'crash' }
  | { readonly do: 'attend'; readonly tab: number; readonly attention: 'active' | 'background' }
  | { readonly do: 'clock'; readonly tab: number; readonly hours: number }

const status = fc.constantFrom(408, 429, 500, 502, 503, 504)
const fault: fc.Arbitrary<Fault | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.record({ kind: fc.constantFrom('reset', 'lost', 'hang', 'login-page', 'no-verdicts') }),
  fc.record({ kind: fc.constant('status'), status }),
  fc.record({
    kind: fc.constant('status'),
    status,
    retryAfter: fc.constantFrom('1', '90', '9999'),
  }),
  fc.record({
    kind: fc.constant('verdict'),
    status: fc.constant('retry'),
    of: fc.constantFrom(
      ({ seq }: { seq: number }) => seq % 2 === 0,
      () => true,
    ),
  }),
)
const tab = fc.nat(2)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('track'), tab, times: fc.nat(30) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('purchase'), tab, times: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.nat(200_000) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('network'), faults: fc.array(fault, { maxLength: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('open', 'crash') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('attend'),
      tab,
      attention: fc.constantFrom('active', 'background'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('clock'),
      tab,
      hours: fc.integer({ min: -100, max: 100 }),
    }),
  },
)

/** Lives the steps, then gives the device a working network and time; tells what was recorded. */
async function live(steps: readonly Step[], seed: number) {
  const server = createFakeServer()
  const { storage, locks } = createItems()
  const recorded: string[] = []
  const dropped: unknown[] = []
  let tabs: Device[] = []
  let devices = 0
  const open = (): void => {
    const at = tabs[0]?.host.now() ?? START
    devices += 1
    const device = createDevice(server, { storage: storage(), seed: seed + devices, at })
    device.client.on('dropped', (notice) => dropped.push(notice))
    tabs.push(device)
  }
  const crash = (): void => {
    for (const { host } of tabs) host.die()
    locks.killAll()
    tabs = []
  }
  const passAll = async (ms: number): Promise<void> => {
    for (const { host } of tabs) await host.pass(ms)
  }
  for (const step of steps) {
    const device = 'tab' in step ? tabs[step.tab % Math.max(1, tabs.length)] : undefined
    if (step.do === 'open' && tabs.length < 3) open()
    else if (step.do === 'crash') crash()
    else if (step.do === 'pass') await passAll(step.ms)
    else if (step.do === 'network') {
      const { faults } = step
      let turn = 0
      server.fault = () => faults[turn++ % Math.max(1, faults.length)]
    } else if (device && step.do === 'clock') {
      device.host.setClock(device.host.now() + step.hours * HOUR)
    } else if (device && step.do === 'attend') device.host.attend(step.attention)
    else if (device && (step.do === 'track' || step.do === 'purchase'))
      for (let n = 0; n < step.times; n += 1) {
        if (step.do === 'track') recorded.push(device.client.track('custom', { name: `${n}` }))
        else {
          const { event_id, stored } = await device.client.purchase(PURCHASE)
          expect(stored).toBe(true)
          recorded.push(event_id)
        }
      }
    await passAll(0)
  }
  server.fault = undefined
  crash()
  open()
  await passAll(10 * 60_000)
  return { server, recorded, dropped }
}

it('each event reaches the server once, whatever the network, the tabs and the clocks do', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40 }),
      fc.nat(1_000_000),
      async (steps, seed) => {
        const { server, recorded, dropped } = await live([{ do: 'open' }, ...steps], seed)
        expect(server.stored.map((event) => event.event_id).sort()).toEqual(recorded.sort())
        expect(dropped).toEqual([])
        expect(server.violations).toEqual([])
        const counts = Map.groupBy(server.stored, (event) => event.device_id)
        for (const events of counts.values()) {
          const numbers = events.map((event) => event.seq).sort((a, b) => a - b)
          expect(numbers).toEqual(numbers.map((_, at) => at + 1))
        }
      },
    ),
    { numRuns: 300 },
  )
}, 120_000)
