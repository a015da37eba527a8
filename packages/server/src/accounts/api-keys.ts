import { ProblemError } from '@questline/contracts'
import { type Clock, type Random, randomText } from '../platform/platform.ts'
import type { SqlValue, Store, Work, Writer } from '../store/store.ts'
import { KEY_SCOPES, type KeyCaller, type KeyScope } from './callers.ts'
import { sameHash, sha256 } from './secrets.ts'
import { FIND_API_KEY, INSERT_API_KEYS, LIST_API_KEYS, REVOKE_API_KEY } from './statements.ts'
import { AccountsUsageError } from './usage-error.ts'

export type NewKey = {
  readonly id: string
  readonly scope: KeyScope
  readonly app: string | null
  /** The whole bearer secret. Shown this once. */
  readonly key: string
}

export type ListedKey = {
  readonly id: string
  readonly scope: KeyScope
  readonly app: string | null
  readonly name: string | null
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly revokedAt: number | null
}

export type ApiKeys = {
  /** @throws AccountsUsageError for an unknown scope, a missing or odd app, a long name */
  create(input: {
    readonly scope: string
    readonly app?: string | undefined
    readonly name?: string | undefined
  }): Promise<NewKey>
  /** Oldest first, the revoked ones too. */
  list(): Promise<readonly ListedKey[]>
  /** Whether there is such a key. From the next request on it is refused everywhere. */
  revoke(id: string): Promise<boolean>
}

/** One ingest key from the settings, for all who keep their secrets there. */
export type IngestKey = { readonly key: string; readonly app: string }

export type ApiKeyParts = {
  readonly store: Store
  readonly writer: Writer
  readonly clock: Clock
  readonly random: Random
}

const PREFIX = 'ql_'
const FORM = /^ql_(ingest|server|operator)_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/
const APP = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
const NAME_LENGTH_MAX = 200
const INGEST_KEY_ID = 'EVENT_API_KEY'

/** Makes, lists and revokes keys. For commands, which need nothing else of the accounts. */
export function createApiKeys({ store, writer, clock, random }: ApiKeyParts): ApiKeys {
  return {
    async create({ scope, app, name }) {
      const known = KEY_SCOPES.find((one) => one === scope)
      if (!known) throw new AccountsUsageError(`the scope is one of ${KEY_SCOPES.join(', ')}`)
      checkApp(known, app)
      if (name !== undefined && (name.length > NAME_LENGTH_MAX || !isPlain(name))) {
        throw new AccountsUsageError(
          `the name has at most ${NAME_LENGTH_MAX} characters and none that control a terminal`,
        )
      }
      const id = random.bytes(8).toString('hex')
      const secret = randomText(random, 32)
      const row = [id, known, app ?? null, name ?? null, sha256(secret), clock.now()]
      await writer.submit(CREATE, row)
      return { id, scope: known, app: app ?? null, key: `${PREFIX}${known}_${id}_${secret}` }
    },
    list: () => store.read<ListedKey>(LIST_API_KEYS, []),
    revoke: (id) => writer.submit(REVOKE, [id, clock.now()]),
  }
}

function checkApp(scope: KeyScope, app: string | undefined): void {
  if (app === undefined && scope !== 'operator') {
    throw new AccountsUsageError(`a key of scope ${scope} belongs to one app: name it with --app`)
  }
  if (app !== undefined && !APP.test(app)) {
    throw new AccountsUsageError(
      'an app is 1 to 100 letters, digits, dots, dashes and underscores, a letter or digit first',
    )
  }
}

/** Printed by commands, so it may not carry a terminal's control characters. */
const isPlain = (text: string): boolean => text.isWellFormed() && !/\p{Cc}/u.test(text)

export type KeyChecks = {
  /** Whether this bearer secret is to be checked as a key and not as a player's token. */
  looksLikeKey(bearer: string): boolean
  /** The caller whom the key of the settings proves, for as long as this process lives; null for any other. */
  keyOfSettings(bearer: string): KeyCaller | null
  /** Asks the database each time, so that a revoked key is refused at once. @throws ProblemError `invalid-token` */
  verifyKey(bearer: string): Promise<KeyCaller>
}

type KeyRow = {
  readonly scope: KeyScope
  readonly app: string | null
  readonly secretHash: Uint8Array
  readonly revokedAt: number | null
}

export function createKeyChecks(store: Store, ingestKey: IngestKey | null): KeyChecks {
  const configured = ingestKey && { ...ingestKey, hash: sha256(ingestKey.key) }
  // The length is told by the time; the rest is not.
  const isConfigured = (bearer: string): boolean =>
    configured?.key.length === bearer.length && sameHash(sha256(bearer), configured.hash)

  const keyOfSettings: KeyChecks['keyOfSettings'] = (bearer) =>
    configured && isConfigured(bearer)
      ? { kind: 'key', keyId: INGEST_KEY_ID, scope: 'ingest', app: configured.app }
      : null

  return {
    looksLikeKey: (bearer) => bearer.startsWith(PREFIX) || isConfigured(bearer),
    keyOfSettings,
    async verifyKey(bearer) {
      const caller = keyOfSettings(bearer)
      if (caller !== null) return caller
      const [, scope, keyId = '', secret = ''] = FORM.exec(bearer) ?? []
      const [row] = secret === '' ? [] : await store.read<KeyRow>(FIND_API_KEY, [keyId])
      const isRight = row?.scope === scope && sameHash(sha256(secret), row?.secretHash ?? NO_HASH)
      if (!row || !isRight || row.revokedAt !== null) throw new ProblemError('invalid-token')
      return { kind: 'key', keyId, scope: row.scope, app: row.app }
    },
  }
}

const NO_HASH = new Uint8Array(32)

const CREATE: Work<readonly SqlValue[], null> = {
  name: 'accounts.create-key',
  async apply(tx, rows) {
    await tx.run(INSERT_API_KEYS, rows)
    return rows.map(() => null)
  },
}

const REVOKE: Work<readonly [id: string, at: number], boolean> = {
  name: 'accounts.revoke-key',
  async apply(tx, inputs) {
    const rows = await tx.run<{ key_id: string }>(REVOKE_API_KEY, inputs)
    const known = new Set(rows.map((row) => row.key_id))
    return inputs.map(([id]) => known.has(id))
  },
}
