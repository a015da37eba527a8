import type { Constants, Measured } from './constants.ts'
import { type Costs, type Counts, costsOf, type PartName, storedOf, type Way } from './model.ts'

/** A day of a player. Assumptions, not measurements. */
export const PLAYER_DAY: Counts = { events: 100, earns: 10, reads: 30, logins: 3 }
/** The worst hour against the average of the day. */
export const PEAK = 3
const DAY_SECONDS = 86_400
/** No process is planned to be busier than that at the peak. */
export const BUSY = 0.6
/** Of each topic; each replica is taken to cost the brokers as much as the first, which is too much. */
export const REPLICAS = 3
const LOG_KEEP_DAYS = 35
const TOPIC_KEEP_DAYS = 7
const SLOTS_OF_TASKMANAGER = 4
const LAKE_BATCH = { events: 200_000, seconds: 60 }

/** What is planned for: at the peak of a second, and in a whole day. */
export type Demand = {
  readonly name: string
  readonly way: Way
  readonly atPeak: Counts
  readonly perDay: Counts
}

const times = ({ events, earns, reads, logins }: Counts, factor: number): Counts => ({
  ...{ events: events * factor, earns: earns * factor },
  ...{ reads: reads * factor, logins: logins * factor },
})

export function demandOfPlayers(players: number, way: Way): Demand {
  const perDay = times(PLAYER_DAY, players)
  const name = `${players / 1e6} million players a day`
  return { name, way, perDay, atPeak: times(perDay, PEAK / DAY_SECONDS) }
}

/** Events alone, all day long. */
export function demandOfEvents(perSecond: number, way: Way): Demand {
  const atPeak = { events: perSecond, earns: 0, reads: 0, logins: 0 }
  const name = `${perSecond.toLocaleString('en-US')} events/s`
  return { name, way, atPeak, perDay: times(atPeak, DAY_SECONDS) }
}

export type Planned = {
  readonly cores: number
  /** Processes of one core of ours, slots of Flink; null for engines, which take the cores as they are. */
  readonly processes: number | null
  readonly memoryMb: number | null
}
export type Plan = {
  readonly parts: Readonly<Record<PartName, Planned>>
  /** Twice as many as there are replicas of quality. */
  readonly partitions: number
  /** Bytes. */
  readonly walPerDay: number
  readonly ledgerPerDay: number
  readonly logKept: number
  readonly kafkaKept: number
  readonly lakePerDay: number
  readonly lakeFilesPerDay: number
  /** Bytes in a second at the peak, of everything that crosses a socket. */
  readonly network: number
}

export function planOf(measured: Measured, { way, atPeak, perDay }: Demand): Plan {
  const c: Constants = measured.constants
  const costs = costsOf(c, atPeak, way)
  const kafka = { ...costs.kafka, cpuSeconds: costs.kafka.cpuSeconds * REPLICAS }
  const all: Costs = { ...costs, kafka }
  const stored = storedOf(c, perDay, way)
  const parts = partsOf(measured, all)
  const replicas = parts.quality.processes ?? 1
  const daily = Object.values(all).reduce((sum, { networkBytes }) => sum + networkBytes, 0)
  const copies = storedOf(c, atPeak, way).kafka * (REPLICAS - 1)
  const batches = Math.max(
    DAY_SECONDS / LAKE_BATCH.seconds,
    (perDay.events + perDay.earns) / LAKE_BATCH.events,
  )
  return {
    parts,
    partitions: Math.max(6, replicas * 2),
    walPerDay: stored.wal,
    ledgerPerDay: stored.ledger,
    logKept: stored.log * LOG_KEEP_DAYS,
    kafkaKept: stored.kafka * TOPIC_KEEP_DAYS * REPLICAS,
    lakePerDay: stored.lake,
    lakeFilesPerDay: batches * measured.lakeFiles,
    network: daily + copies,
  }
}

function partsOf({ loadMb }: Measured, costs: Costs): Plan['parts'] {
  const cores = (name: PartName): number => costs[name].cpuSeconds
  const ours = (name: PartName, mb: number): Planned => {
    const processes = Math.ceil(cores(name) / BUSY) || 0
    return { cores: cores(name), processes, memoryMb: processes * mb }
  }
  const engine = (name: PartName): Planned => ({
    ...{ cores: cores(name), processes: null, memoryMb: null },
  })
  const slots = Math.ceil(cores('flink') / BUSY)
  return {
    api: ours('api', loadMb.api),
    'postgres, books': engine('postgres, books'),
    relay: ours('relay', loadMb.relay),
    quality: ours('quality', loadMb.quality),
    'postgres, analytics': engine('postgres, analytics'),
    kafka: engine('kafka'),
    flink: {
      ...{ cores: cores('flink'), processes: slots },
      memoryMb: Math.ceil(slots / SLOTS_OF_TASKMANAGER) * loadMb.taskmanager,
    },
    lake: ours('lake', loadMb.lake),
  }
}
