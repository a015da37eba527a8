import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeLakeFolder, replaceFile } from './durable-files.ts'

/** What the lake holds, by what became of an event. */
export const TOPICS = ['events-raw', 'events-enriched', 'events-rejected'] as const
/**
 * The same of what came over Kafka, where events have no common order. `kafka-raw`: only what did not go
 * through the books; `kafka-sides`: whom an event makes active beside the one who sent it.
 */
export const STREAM_TOPICS = [
  'kafka-raw',
  'kafka-enriched',
  'kafka-sides',
  'kafka-rejected',
] as const
export const ALL_TOPICS = [...TOPICS, ...STREAM_TOPICS] as const
export type Topic = (typeof ALL_TOPICS)[number]

/**
 * One file: the events of a day among the offsets from `first` to `last`, both included. Those of a
 * topic of Kafka are summed over its partitions, which gives one sequence without gaps too.
 */
export type LakeFile = {
  readonly topic: Topic
  /** Below the folder of the lake. */
  readonly path: string
  /** UTC day of `corrected_at`, as `2026-03-01`. */
  readonly date: string
  readonly first: number
  readonly last: number
  readonly rows: number
  readonly bytes: number
  readonly sha256: string
  /** When its newest event was received, milliseconds since the epoch. */
  readonly received_max: number
  /** 0 as a batch wrote it; of a merged file one more than the highest of its parts. */
  readonly level: number
}

/** Both included. */
export type Offsets = { readonly first: number; readonly last: number }

/**
 * What is in the lake: readers follow it and look at no other file. It is also the lake's checkpoint,
 * so that files and how far they go change in one step, the renaming of this file.
 */
export type Manifest = {
  /** 2 since the column `log_offset` of the files has that name. */
  readonly version: 2
  /** All offsets up to this one are in the files, but for those that retention has dropped. */
  readonly upto: number
  /** Retention may have dropped what comes before; everything from here to `upto` is there. */
  readonly from: number
  /** The batch that is being written: fixed before its first file, so that a rerun writes the same. */
  readonly planned: Offsets | null
  /** Batches of the log up to here have left its table, after they were compared with the files. */
  readonly log_expired: number
  readonly files: readonly LakeFile[]
  /** Once it follows Kafka. */
  readonly streams?: StreamsState
}

/** A topic of Kafka that the lake follows. */
export const STREAMS = ['raw', 'enriched', 'rejected'] as const
export type StreamName = (typeof STREAMS)[number]

/** How far a partition is in the files. */
export type StreamPosition = {
  /** Of the record that is read next. */
  readonly next: number
  /**
   * How far each partition of the step before was seen here. Writers begin at or before what was
   * written and go on in order, so what is not behind this is a copy.
   */
  readonly seen: Readonly<Record<string, number>>
  /** Everything that went through the books and was received before this has come; null: unknown. */
  readonly beat: number | null
}

export type Perhaps<T> = Readonly<Record<string, T | undefined>>
export type StreamsState = {
  /** Before the names of the topics. */
  readonly prefix: string
  /** What the log held up to here was enriched from there, before this lake followed Kafka. */
  readonly after: number
  /** Retention may have dropped what was received before this, milliseconds since the epoch. */
  readonly from_ms: number
  /** What went through the books and was received before this is in the files; null: unknown. */
  readonly settled_ms: number | null
  /** By partition. */
  readonly positions: Readonly<Record<StreamName, Perhaps<StreamPosition>>>
  /** The batch that is being written: where its partitions end. */
  readonly planned: Readonly<Record<StreamName, Perhaps<number>>> | null
}

/** Files that are listed nowhere may be those of a batch that will be. */
export const isPlanned = ({ planned, streams }: Manifest): boolean =>
  planned !== null || (streams?.planned ?? null) !== null

const EMPTY: Manifest = {
  version: 2,
  upto: 0,
  from: 1,
  planned: null,
  log_expired: 0,
  files: [],
}

export class LakeError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LakeError'
  }
}

const manifestPath = (folder: string): string => join(folder, 'manifest.json')

export const hasManifest = (folder: string): boolean => existsSync(manifestPath(folder))

/** @throws LakeError when this version cannot read it */
export function readManifest(folder: string): Manifest {
  const path = manifestPath(folder)
  if (!hasManifest(folder)) return EMPTY
  const manifest: Manifest = JSON.parse(readFileSync(path, 'utf8'))
  if (manifest.version !== 2) throw new LakeError(otherVersion(path, manifest))
  return manifest
}

/** No release wrote the first version. What has left the log is in these files only, and is never made again. */
function otherVersion(
  path: string,
  { version, log_expired: expired }: { readonly version: number; readonly log_expired: number },
): string {
  const cannot = `${path} is of version ${version}, which this version of Questline cannot read`
  if (version !== 1 || expired > 0) return cannot
  return `${cannot}: stop the server, remove analytics.db and the folder of the lake, and start it; both are made again from the log, which still holds every event`
}

/** A line for each file, so that people can read it and tools can compare two of them. */
export function writeManifest(folder: string, { files, ...head }: Manifest): void {
  const lines = files.map((file) => `    ${JSON.stringify(file)}`).join(',\n')
  const members = Object.entries(head).map(
    ([name, value]) => `  "${name}": ${JSON.stringify(value)}`,
  )
  const body = `{\n${members.join(',\n')},\n  "files": [\n${lines}\n  ]\n}\n`
  makeLakeFolder(folder)
  replaceFile(manifestPath(folder), body)
}

export const filesOf = ({ files }: Manifest, topic: Topic): readonly LakeFile[] =>
  files.filter((file) => file.topic === topic)

/** In the order of their offsets; the days of one batch side by side. */
export const inOrder = (files: readonly LakeFile[]): readonly LakeFile[] =>
  files.toSorted(
    (a, b) =>
      ALL_TOPICS.indexOf(a.topic) - ALL_TOPICS.indexOf(b.topic) ||
      (a.date < b.date ? -1 : a.date > b.date ? 1 : 0) ||
      a.first - b.first,
  )
