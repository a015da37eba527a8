/** Who is proven to call. Times in milliseconds since the epoch. */
export type PlayerCaller = {
  readonly kind: 'player'
  readonly playerId: string
  readonly sessionId: string
  /** When the access token ends. */
  readonly expiresAt: number
}

export const KEY_SCOPES = ['ingest', 'server', 'operator'] as const
export type KeyScope = (typeof KEY_SCOPES)[number]

export type KeyCaller = {
  readonly kind: 'key'
  readonly keyId: string
  readonly scope: KeyScope
  /** Null: an operator key that sees every app. */
  readonly app: string | null
}
