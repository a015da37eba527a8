import { type ByProcess, type Constants, PROCESSES, record } from './constants.ts'

/** How telemetry goes: through the log of the books, or straight to Kafka. Money always takes the books. */
export type Way = 'books' | 'kafka'

/** How many there are of each, in whatever time. */
export type Counts = {
  readonly events: number
  readonly earns: number
  readonly reads: number
  readonly logins: number
}

export const PARTS = [
  ...(['api', 'postgres, books', 'relay', 'quality', 'postgres, analytics'] as const),
  ...(['kafka', 'flink', 'lake'] as const),
]
export type PartName = (typeof PARTS)[number]
export type Cost = {
  readonly cpuSeconds: number
  /** Through the sockets of the part, both ways; those of engines are counted at their other end. */
  readonly networkBytes: number
}
export type Costs = Readonly<Record<PartName, Cost>>

/** What goes where. An earn is an event of the log, too, and goes all the way. */
function flowOf(c: Constants, { events, earns }: Counts, way: Way) {
  const straight = way === 'kafka' ? events : 0
  const booked = events - straight
  const logged = booked + earns
  const raw = logged + straight
  return {
    ...{ straight, booked, logged, raw, parts: raw * c.partsPerEvent },
    ...{ loggedParts: logged * c.partsPerEvent, straightParts: straight * c.partsPerEvent },
  }
}

/** CPU time and network of each part, beside what it takes at rest; one copy of each topic. */
export function costsOf(c: Constants, counts: Counts, way: Way): Costs {
  const { earns, reads, logins } = counts
  const { straight, booked, logged, raw, parts, loggedParts, straightParts } = flowOf(
    c,
    counts,
    way,
  )
  const cost = (us: number, networkBytes = 0): Cost => ({ cpuSeconds: us / 1e6, networkBytes })
  return {
    api: cost(
      earns * c.earnApiUs +
        reads * c.readApiUs +
        logins * c.loginApiUs +
        booked * c.booksApiUs +
        straight * c.directApiUs,
      earns * c.earnNetworkBytes +
        reads * c.readNetworkBytes +
        logins * c.loginNetworkBytes +
        booked * c.booksNetworkBytes +
        straight * c.directNetworkBytes,
    ),
    'postgres, books': cost(
      earns * c.earnDbUs +
        reads * c.readDbUs +
        logins * c.loginDbUs +
        booked * c.booksDbUs +
        logged * c.relayDbUs,
    ),
    relay: cost(logged * c.relayUs, logged * c.relayNetworkBytes),
    quality: cost(
      raw * c.splitUs + loggedParts * c.enrichUs + straightParts * c.directEnrichUs,
      raw * c.splitNetworkBytes + parts * c.enrichNetworkBytes,
    ),
    'postgres, analytics': cost(
      loggedParts * c.enrichDbUs + straightParts * c.directEnrichDbUs + parts * c.flinkDbUs,
    ),
    kafka: cost(
      logged * c.relayBrokerUs +
        straight * c.directBrokerUs +
        raw * (c.splitBrokerUs + c.lakeBrokerUs) +
        parts * (c.enrichBrokerUs + c.flinkBrokerUs),
    ),
    flink: cost(parts * c.flinkUs, parts * c.flinkNetworkBytes),
    lake: cost(raw * c.lakeUs),
  }
}

/** Bytes that are written, one copy of each. */
export function storedOf(c: Constants, counts: Counts, way: Way) {
  const { straight, booked, logged, raw, parts, loggedParts, straightParts } = flowOf(
    c,
    counts,
    way,
  )
  const { earns } = counts
  return {
    wal:
      earns * c.earnWalBytes +
      booked * c.booksWalBytes +
      loggedParts * c.enrichWalBytes +
      straightParts * c.directEnrichWalBytes,
    /** Accounts and ledger, which stay. */
    ledger: earns * c.earnTableBytes,
    /** The log and the ids, which stay for LOG_KEEP_DAYS. */
    log:
      booked * c.booksTableBytes +
      loggedParts * c.enrichTableBytes +
      straightParts * c.directEnrichTableBytes,
    kafka:
      logged * c.relayLogBytes +
      straight * c.directLogBytes +
      raw * c.splitLogBytes +
      parts * c.enrichLogBytes,
    lake: raw * c.lakeBytes,
  }
}

/** What there is one of, and the first of them as if nothing but PostgreSQL's CPU took its time. */
export const LIMITS = [
  'the one writer of the books',
  'the same, if all it took were CPU of PostgreSQL',
  'the one relay',
  'the one writer of the lake',
] as const
export type Limit = (typeof LIMITS)[number]

/** Of each the share of its time that so many in a second take. Above 1 they do not fit. */
export function sharesOf(c: Constants, rates: Counts, way: Way): Readonly<Record<Limit, number>> {
  const { booked, logged, raw } = flowOf(c, rates, way)
  const { earns, logins } = rates
  const writer = earns * c.earnWriterUs + logins * c.loginWriterUs + booked * c.booksWriterUs
  const database = earns * c.earnDbUs + logins * c.loginDbUs + booked * c.booksDbUs
  return {
    'the one writer of the books': writer / 1e6,
    'the same, if all it took were CPU of PostgreSQL': database / 1e6,
    'the one relay': (logged * c.relayUs) / 1e6,
    'the one writer of the lake': (raw * c.lakeUs) / 1e6,
  }
}

/** Cores that each process takes at rest and while events come through the books. */
export function predictedCores(c: Constants, rest: ByProcess, eventsPerSecond: number): ByProcess {
  const costs = costsOf(c, { events: eventsPerSecond, earns: 0, reads: 0, logins: 0 }, 'books')
  const ofParts: Partial<Record<keyof ByProcess, number>> = {
    api: costs.api.cpuSeconds,
    postgres: costs['postgres, books'].cpuSeconds + costs['postgres, analytics'].cpuSeconds,
    relay: costs.relay.cpuSeconds,
    quality: costs.quality.cpuSeconds,
    lake: costs.lake.cpuSeconds,
    kafka: costs.kafka.cpuSeconds,
    taskmanager: costs.flink.cpuSeconds,
  }
  return record(PROCESSES, (name) => rest[name] + (ofParts[name] ?? 0))
}
