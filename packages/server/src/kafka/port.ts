/** A record to be written. */
export type NewRecord = {
  readonly topic: string
  /** Equal keys share a partition, in their order: the placement of Kafka's own Java client. */
  readonly key: string
  readonly value: string | Buffer
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  /** In place of the key's own. */
  readonly partition?: number
  readonly headers?: Readonly<Record<string, string>>
}

export type KafkaRecord = {
  readonly topic: string
  readonly partition: number
  /** Of its partition. Grows, but may leave some out. */
  readonly offset: number
  readonly key: string | null
  readonly value: Buffer | null
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  readonly headers: ReadonlyMap<string, string>
}

/** Partition → offset of the next record. */
export type Positions = ReadonlyMap<number, number>

export type Limits = {
  /** Of one partition, about; a single larger record comes all the same. */
  readonly bytes: number
  /** How long to wait when there is nothing. */
  readonly waitMs: number
}

/** `next`: from where to read on, of the partitions that have moved, also where no record came of it. */
export type Fetched = { readonly records: readonly KafkaRecord[]; readonly next: Positions }

/** Reads a topic from where it is told. One call at a time. */
export interface Reader {
  /**
   * Records from the given offsets on, those of each partition in order; none when nothing came.
   * @throws PositionGone, KafkaUnavailable
   */
  fetch(from: Positions, limits: Limits): Promise<Fetched>
  close(): Promise<void>
}

/** One of those who share the partitions of a topic among them. */
export interface Member extends Reader {
  /**
   * What it has now. `generation` changes whenever partitions are dealt anew; who works on after
   * that, because it has not looked, is only kept apart by whatever it writes to.
   */
  assigned(): { readonly generation: number; readonly partitions: readonly number[] }
  /** Tells Kafka how far it is, for those who watch the lag. */
  commit(next: Positions): Promise<void>
}

/** First offset that there is, and the one that the next record gets. */
export type Ends = { readonly first: number; readonly next: number }

export type TopicPlan = {
  readonly topic: string
  readonly partitions: number
  readonly replication: number
  readonly configs: Readonly<Record<string, string>>
}
export type TopicState = TopicPlan & { readonly underReplicated: readonly number[] }

export interface Kafka {
  /**
   * Writes records, those of a partition in this order. Resolves when every broker that must have
   * them has them; rejects when that is not known, and then some may have been written.
   * @throws KafkaUnavailable
   */
  produce(records: readonly NewRecord[]): Promise<void>
  /** @param topic which must exist */
  join(group: string, topic: string): Promise<Member>
  reader(topic: string): Promise<Reader>
  /** Of each partition, in their order. */
  ends(topic: string): Promise<readonly Ends[]>
  /** What a group has told by `commit`; partitions without are left out. */
  committed(group: string, topic: string): Promise<Positions>
  /** Those that exist. */
  describe(topics: readonly string[]): Promise<readonly TopicState[]>
  /** Creates a topic; one that exists is left as it is. */
  create(plan: TopicPlan): Promise<void>
  close(): Promise<void>
}

/** Not now, perhaps later: no broker, too few replicas, no answer in time. */
export class KafkaUnavailable extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause })
    this.name = 'KafkaUnavailable'
  }
}

/** The brokers no longer have what somebody wants to read next: going on would leave a gap. */
export class PositionGone extends Error {
  readonly partition: number
  readonly wanted: number
  constructor(topic: string, partition: number, wanted: number) {
    super(
      `${topic}, partition ${partition}: the record ${wanted} is not there any more, or not yet; its retention is too short, or the topic was made anew`,
    )
    this.name = 'PositionGone'
    this.partition = partition
    this.wanted = wanted
  }
}
