import type { LogEvent } from '@questline/contracts'
import { batched, insertStatement, type SqlValue, type Tx, type Work } from '../store/store.ts'

/** Appends to the log inside the same transaction; returns the first of consecutive offsets. */
export type AppendToLog = (tx: Tx, events: readonly LogEvent[]) => Promise<number>

export type NewPostback = {
  readonly source: string
  /** The body as it came. */
  readonly payload: string
  readonly signature: string | null
  readonly verified: boolean
  readonly dedupeKey: Uint8Array
  readonly event: LogEvent
}

/** A postback's id is the offset of its event in the log. */
export type StoredPostback = { readonly id: number; readonly duplicate: boolean }

type Found = { readonly dedupeKey: Uint8Array; readonly id: number }

const FIND_VERIFIED = batched('attribution.find-verified', {
  sqlite: `SELECT dedupe_key AS "dedupeKey", postback_id AS id
    FROM raw_postbacks WHERE verified = 1 AND dedupe_key = $1`,
  postgres: `SELECT dedupe_key AS "dedupeKey", postback_id AS id
    FROM raw_postbacks WHERE verified = 1 AND dedupe_key = ANY($1::bytea[])`,
})
const FIND_UNVERIFIED = batched('attribution.find-unverified', {
  sqlite: `SELECT dedupe_key AS "dedupeKey", min(postback_id) AS id
    FROM raw_postbacks WHERE verified = 0 AND dedupe_key = $1 GROUP BY dedupe_key`,
  postgres: `SELECT dedupe_key AS "dedupeKey", min(postback_id) AS id
    FROM raw_postbacks WHERE verified = 0 AND dedupe_key = ANY($1::bytea[]) GROUP BY dedupe_key`,
})
const INSERT = insertStatement('attribution.insert-postbacks', 'raw_postbacks', {
  postback_id: 'bigint',
  source: 'text',
  payload: 'text',
  signature: 'text',
  verified: 'bigint',
  received_at: 'bigint',
  dedupe_key: 'bytea',
  supersedes: 'bigint',
})

/**
 * Stores each postback with its event. Duplicates are looked for among verified postbacks only, so
 * that nobody can shut out a real postback by sending it first without proof: an unverified one is
 * always new, and the verified copy that follows is new too and supersedes the first of them.
 */
export const createPostbackWork = (append: AppendToLog): Work<NewPostback, StoredPostback> => ({
  name: 'attribution.postbacks',
  async apply(tx, postbacks) {
    const { fresh, fates } = decide(postbacks, await findCopies(tx, postbacks))
    if (fresh.length === 0) return fates.map((fate) => toStored(fate, 0))
    const firstOffset = await append(
      tx,
      fresh.map(({ postback }) => postback.event),
    )
    await tx.run(
      INSERT,
      fresh.map((one, position) => toRow(one, firstOffset, position)),
    )
    return fates.map((fate) => toStored(fate, firstOffset))
  },
})

/** An id that is known, or will be when the group has its first offset: offsets are consecutive. */
type IdFrom = (firstOffset: number) => number
type Copies = { readonly verified: Map<string, IdFrom>; readonly unverified: Map<string, IdFrom> }
type Fresh = { readonly postback: NewPostback; readonly supersedes: IdFrom | undefined }
type Fate = { readonly id: IdFrom; readonly duplicate: boolean }

async function findCopies(tx: Tx, postbacks: readonly NewPostback[]): Promise<Copies> {
  const keys = postbacks.filter(({ verified }) => verified).map((one) => [one.dedupeKey])
  return {
    verified: idsByKey(await tx.run<Found>(FIND_VERIFIED, keys)),
    unverified: idsByKey(await tx.run<Found>(FIND_UNVERIFIED, keys)),
  }
}

/** One after the other, so that copies inside of one group meet as they would in two. */
function decide(postbacks: readonly NewPostback[], copies: Copies) {
  const fresh: Fresh[] = []
  const fates = postbacks.map((postback): Fate => {
    const { verified, dedupeKey } = postback
    const key = keyText(dedupeKey)
    const first = verified ? copies.verified.get(key) : undefined
    if (first) return { id: first, duplicate: true }

    const supersedes = verified ? copies.unverified.get(key) : undefined
    const position = fresh.push({ postback, supersedes }) - 1
    const id: IdFrom = (firstOffset) => firstOffset + position
    const ofItsKind = verified ? copies.verified : copies.unverified
    if (!ofItsKind.has(key)) ofItsKind.set(key, id)
    return { id, duplicate: false }
  })
  return { fresh, fates }
}

const toStored = ({ id, duplicate }: Fate, firstOffset: number): StoredPostback => ({
  id: id(firstOffset),
  duplicate,
})

const toRow = (one: Fresh, firstOffset: number, position: number): SqlValue[] => {
  const { postback, supersedes } = one
  return [
    firstOffset + position,
    postback.source,
    postback.payload,
    postback.signature,
    postback.verified ? 1 : 0,
    postback.event.receivedAt,
    postback.dedupeKey,
    supersedes?.(firstOffset) ?? null,
  ]
}

const keyText = (key: Uint8Array): string => Buffer.from(key).toString('base64')

const idsByKey = (rows: readonly Found[]): Map<string, IdFrom> =>
  new Map(rows.map(({ dedupeKey, id }) => [keyText(dedupeKey), () => id]))
