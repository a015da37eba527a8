import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Bench, type Figure, type Lab, spread } from '../harness/harness.ts'
import { COST_EVENTS, type Contestant, costFigures } from './costs.ts'
import { END_MS, FAULTS, type Fault, OVERFLOW, RECORD_MS, SHORT_QUEUE } from './faults.ts'
import { installSdks, wanted } from './install.ts'
import { type Pair, type Played, playFaults } from './play.ts'
import type { SdkName } from './protocols.ts'
import { sizeFigures } from './sizes.ts'

const OTHERS: Readonly<Record<Exclude<SdkName, 'questline'>, string>> = {
  posthog: 'posthog-js-lite',
  gameanalytics: 'gameanalytics',
  segment: '@segment/analytics-node',
}

const IMPORTS: Readonly<Record<string, string>> = {
  [OTHERS.posthog]: `export { PostHog } from '${OTHERS.posthog}'`,
  [OTHERS.gameanalytics]: `export { GameAnalytics } from '${OTHERS.gameanalytics}'`,
  [OTHERS.segment]: `export { Analytics } from '${OTHERS.segment}'`,
}

const CONTESTANTS: readonly Contestant[] = [
  { sdk: 'questline', name: 'questline, in memory', onDisk: false },
  { sdk: 'questline', name: 'questline, in a file', onDisk: true },
  { sdk: 'posthog', name: 'posthog-js-lite, in memory', onDisk: false },
  { sdk: 'gameanalytics', name: 'gameanalytics, in memory', onDisk: false },
  { sdk: 'segment', name: '@segment/analytics-node, in memory', onDisk: false },
]

export const sdkBench: Bench = {
  name: 'sdk',
  question: 'What does the SDK cost a game, and what does it lose, beside three others?',
  folder: import.meta.dirname,
  async measure(lab) {
    const isBeside = installSdks()
    const versions = Object.entries(wanted()).map(([name, version]) => `${name} ${version}`)
    lab.remark(
      isBeside
        ? `beside ${versions.join(', ')}`
        : '**ours alone**: the others could not be installed, and nothing of them is known here',
    )
    lab.remark(`costs: each round is ${COST_EVENTS.toLocaleString('en-US')} events, not seconds`)
    const isMeasured = ({ sdk }: { readonly sdk: SdkName }) => isBeside || sdk === 'questline'
    const sizes = await sizeFigures(isBeside ? IMPORTS : {})
    const costs = await costFigures(lab, CONTESTANTS.filter(isMeasured))
    return [...sizes, ...costs, ...(await faultFigures(lab, isMeasured))]
  },
}

async function faultFigures(
  lab: Lab,
  isMeasured: (pair: Pair) => boolean,
): Promise<readonly Figure[]> {
  const folder = join(lab.folder, 'faults')
  mkdirSync(folder)
  const sdks: readonly SdkName[] = ['questline', 'posthog', 'gameanalytics', 'segment']
  lab.remark(
    `faults: one run each, in real time; the game records for ${RECORD_MS / 1_000} s and ends after ${END_MS / 1_000} s, the same for all`,
  )
  lab.say(`${FAULTS.length} faults at once, then one: ${(2 * END_MS) / 1_000} s and some`)
  const forAll = (fault: Fault): Pair[] => sdks.map((sdk) => ({ sdk, fault })).filter(isMeasured)
  const first: readonly Pair[] = FAULTS.flatMap(forAll)
  const short: Pair = { sdk: 'questline', fault: SHORT_QUEUE }
  const played = [
    ...(await playFaults(first, folder)),
    ...(await playFaults([...forAll(OVERFLOW), short], folder)),
  ]
  return played.map(figure)
}

function figure({ sdk, fault, tally }: Played): Figure {
  const { recorded, lost, purchasesLost, queued, doubled, copies, requests, early } = tally
  const aim: Figure['aim'] = { better: 'lower', target: 0 }
  const known = copies === doubled ? '' : `, ${copies} copies came`
  const notes = [
    `of ${recorded} recorded`,
    ...(lost > 0 ? [`${purchasesLost} of the lost are purchases`] : []),
    `${doubled} doubled${known}`,
    ...(queued > 0 ? [`${queued} still queued`] : []),
    `${requests} requests${early > 0 ? `, ${early} before Retry-After was over` : ''}`,
  ]
  // The bound of the queue is ours to set there, so what it costs is no defect.
  const aimed = sdk === 'questline' && fault.queueEvents === undefined ? { aim } : {}
  const name = `lost: ${fault.name}: ${sdk === 'questline' ? sdk : OTHERS[sdk]}`
  return { name, unit: 'events', ...spread([lost]), ...aimed, notes }
}
