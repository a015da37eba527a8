import { ALL_TOPICS, filesOf, readManifest, STREAM_TOPICS } from './manifest.ts'

export type TopicStats = {
  readonly topic: string
  readonly files: number
  readonly rows: number
  readonly bytes: number
  readonly first_date: string | null
  readonly last_date: string | null
}
export type LakeStats = {
  readonly folder: string
  /** Offsets of the log that the files hold. */
  readonly from: number
  readonly upto: number
  /** Batches up to here have left the log's table. */
  readonly log_expired: number
  readonly topics: readonly TopicStats[]
}

/** What is in the lake, as the manifest says. */
export function lakeStats(folder: string): LakeStats {
  const manifest = readManifest(folder)
  const { from, upto, log_expired } = manifest
  const isOfKafka = (topic: string) => STREAM_TOPICS.some((each) => each === topic)
  const shown = ALL_TOPICS.filter((topic) => manifest.streams || !isOfKafka(topic))
  const topics = shown.map((topic) => {
    const files = filesOf(manifest, topic)
    const dates = files.map(({ date }) => date).sort()
    return {
      topic,
      files: files.length,
      rows: files.reduce((sum, { rows }) => sum + rows, 0),
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      first_date: dates[0] ?? null,
      last_date: dates.at(-1) ?? null,
    }
  })
  return { folder, from, upto, log_expired, topics }
}
