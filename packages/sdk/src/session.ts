import type { Host } from './host.ts'
import type { Settings } from './settings.ts'
import { uuidv7 } from './uuid.ts'

export type SessionStart = {
  readonly device_model?: string
  readonly device_manufacturer?: string
  readonly os_version?: string
  readonly language?: string
  readonly connection?: string
  readonly engine_version?: string
  readonly properties?: Readonly<Record<string, unknown>>
}

type Track = (
  type: 'session_start' | 'session_end',
  fields: Readonly<Record<string, unknown>>,
) => void

/** One stretch of play. Absences of the page or app do not count, and a long one ends it. */
export class Session {
  readonly #host: Host
  readonly #settings: Settings
  readonly #track: Track
  #id: string | undefined
  #fields: SessionStart = {}
  #playedMs = 0
  /** On the monotonic clock: since when the player plays, or is away. */
  #since = 0
  /** The wall clock when the player left; undefined while the player is here. */
  #leftAt: number | undefined

  constructor(host: Host, settings: Settings, track: Track) {
    this.#host = host
    this.#settings = settings
    this.#track = track
  }

  /** Undefined between sessions. */
  get id(): string | undefined {
    return this.#id
  }

  /** Begins a session, and ends the one before it. */
  start(fields: SessionStart = {}): void {
    this.end()
    this.#id = uuidv7(this.#host)
    this.#fields = fields
    this.#playedMs = 0
    this.#since = this.#host.monotonic()
    this.#leftAt = undefined
    this.#track('session_start', fields)
  }

  /** Ends the session, if there is one. */
  end(reason?: string): void {
    if (!this.#id) return
    const leftAt = this.#leftAt
    this.background()
    this.#track('session_end', {
      duration_ms: Math.round(this.#playedMs),
      reason,
      // Who did not come back has ended it by leaving.
      ...(leftAt === undefined ? {} : { occurred_at: new Date(leftAt).toISOString() }),
    })
    this.#id = undefined
  }

  /** The player looks elsewhere. Called by the client where the host can tell. */
  background(): void {
    if (!this.#id || this.#leftAt !== undefined) return
    const now = this.#host.monotonic()
    this.#playedMs += now - this.#since
    this.#since = now
    this.#leftAt = this.#host.now()
  }

  /** The player is back, after a long absence in a new session. */
  foreground(): void {
    if (!this.#id || this.#leftAt === undefined) return
    const now = this.#host.monotonic()
    if (now - this.#since > this.#settings.sessionPauseMaxMs) {
      this.end('timeout')
      this.start(this.#fields)
    }
    this.#since = now
    this.#leftAt = undefined
  }
}
