import { levelOf } from './backlog.ts'
import type { EventFields, InstallFields, PlatformName, PurchaseFields } from './events.ts'
import { type Host, hostOf } from './host.ts'
import { type DropReason, Queue } from './queue.ts'
import { Sender } from './sender.ts'
import { Session } from './session.ts'
import { SETTINGS, type Settings } from './settings.ts'
import { memoryStorage } from './storage/memory.ts'
import type { EventStorage } from './storage/storage.ts'
import { uuidv7 } from './uuid.ts'

export type ClientOptions = {
  /** The server's address, such as `https://events.example.com`. */
  readonly url: string
  /** A key of scope `ingest`. It ships with the game, so it is public. */
  readonly apiKey: string
  /** The key's app. */
  readonly appId: string
  /** Where events wait. Without one they live in memory and end with the process. */
  readonly storage?: EventStorage
  /** Who plays, if it is known already; else `setPlayer` says it later, and until then it is the device. */
  readonly playerId?: string
  readonly platform?: PlatformName
  /** The version of the game. */
  readonly appVersion?: string
  /** ISO 3166, two letters, if the game knows it. */
  readonly country?: string
  readonly settings?: Partial<Settings>
  /** Parts of the machine to replace, such as `watch` in React Native. */
  readonly host?: Partial<Host>
}

/** What may be said of a single event otherwise than of the client's others. */
export type EventContext = {
  /**
   * A UUID, where the game has one. An id that waits already is not recorded again; one that was sent
   * is refused by the server, since the second event bears another number.
   */
  readonly event_id?: string
  /** RFC 3339 with a zone. */
  readonly occurred_at?: string
  readonly player_id?: string
  readonly platform?: PlatformName
  readonly app_version?: string
  readonly session_id?: string
  readonly country?: string
  /** Free-form: at most 50 names. */
  readonly properties?: Readonly<Record<string, unknown>>
}

export type EventType = keyof EventFields

export type Recorded = {
  readonly event_id: string
  /** True: it is in the durable queue, and outlives the process. */
  readonly stored: boolean
}

export type Notices = {
  /** The server has it: `accepted`, or `duplicate` when it had it already. */
  sent: { event_id: string; event_type: string; status: string; http_status: number }
  /** The server does not want it; it will not come again. */
  rejected: {
    event_id: string
    event_type: string
    status: string
    code?: string | undefined
    path?: string | undefined
  }
  /** It was given up on the device. */
  dropped: { event_id: string; event_type: string; reason: DropReason }
  /** `unauthorized`: nothing is sent until `resume`. `storage`: events are only in memory. */
  error:
    | { kind: 'unauthorized'; http_status: number; code: string | undefined }
    | { kind: 'storage'; error: unknown }
}

type Fields = EventContext & Readonly<Record<string, unknown>>
type Listener = (notice: never) => void

/** Records what happens in a game, and sends it for as long as it takes. */
export class Client {
  readonly session: Session
  readonly #options: ClientOptions
  readonly #host: Host
  readonly #settings: Settings
  readonly #run: string
  readonly #queue: Queue
  readonly #sender: Sender
  readonly #listeners = new Map<keyof Notices, Set<Listener>>()
  readonly #opened: Promise<void>
  readonly #unwatch: () => void
  #isOpen = false
  #isClosed = false
  #playerId: string | undefined
  #timer: unknown
  #wakesAt = Number.POSITIVE_INFINITY
  #adoptAt = 0

  constructor(options: ClientOptions) {
    const host = hostOf(options.host)
    const settings = { ...SETTINGS, ...options.settings }
    this.#options = options
    this.#host = host
    this.#settings = settings
    this.#playerId = options.playerId
    this.#run = uuidv7(host)
    this.session = new Session(host, settings, (type, fields) => this.#record(type, fields))
    this.#queue = new Queue({
      name: options.appId,
      host,
      settings,
      storage: options.storage ?? memoryStorage(),
      dropped: (event_id, event_type, reason) =>
        this.#tell('dropped', { event_id, event_type, reason }),
      storageFailed: (error) => this.#tell('error', { kind: 'storage', error }),
    })
    this.#sender = new Sender(
      {
        url: options.url.replace(/\/+$/, ''),
        sdk: 'questline-js/0.1.0',
        run: this.#run,
        host,
        settings,
        queue: this.#queue,
        answered: ({ id, type }, { status, code, path }, http_status) => {
          const about = { event_id: id, event_type: type, status }
          if (status === 'accepted' || status === 'duplicate')
            this.#tell('sent', { ...about, http_status })
          else this.#tell('rejected', { ...about, code, path })
        },
        refused: (http_status, code) =>
          this.#tell('error', { kind: 'unauthorized', http_status, code }),
        reached: () => {
          const drops = this.#queue.takeDrops()
          if (drops) this.#record('sdk_health', { dropped_by_reason: drops })
        },
      },
      options.apiKey,
    )
    this.#opened = this.#open()
    this.#unwatch = host.watch((attention) => {
      if (attention === 'active') this.session.foreground()
      else this.session.background()
      void this.#work(attention === 'background')
    })
  }

  async #open(): Promise<void> {
    await this.#queue.open()
    this.#isOpen = true
    if (this.#queue.size() > 0) this.#plan(0)
    void this.#adopt()
  }

  /** Records an event and returns its id. Never throws: what cannot be kept is told to `dropped`. */
  track<T extends EventType>(type: T, fields: EventFields[T] & EventContext): string {
    return this.#record(type, fields).event_id
  }

  /** Records the first start on this device, and sends it at once. */
  install(fields: InstallFields & EventContext = {}): Promise<Recorded> {
    return this.#record('install', fields).recorded
  }

  /**
   * Records a purchase, and sends it at once. Resolves after the write to the durable queue: with
   * `stored` the game may tell the store that the purchase is done. Never rejects.
   */
  purchase(fields: PurchaseFields & EventContext): Promise<Recorded> {
    return this.#record('purchase', fields).recorded
  }

  /** Who plays from now on. */
  setPlayer(playerId: string | undefined): void {
    this.#playerId = playerId
  }

  #record(
    type: string,
    fields: Fields,
  ): { readonly event_id: string; readonly recorded: Promise<Recorded> } {
    const event_id = fields.event_id?.toLowerCase() ?? uuidv7(this.#host)
    const json = this.#serialise(event_id, type, fields)
    // Some families name their players by fields of their own.
    const known = [this.#playerId, fields.player_id, fields['user-id'], fields['user-a']]
    const hasPlayer = known.some((player) => player !== undefined)
    const add = async (): Promise<Recorded> => {
      const entry =
        json === undefined || this.#isClosed
          ? this.#queue.giveUp(event_id, type, this.#isClosed ? 'closed' : 'invalid')
          : this.#queue.add(event_id, type, json, hasPlayer)
      const saved = this.#queue.save()
      const isDue = levelOf(type) > 1 || this.#queue.size() >= this.#settings.flushEvents
      if (entry) this.#plan(isDue ? 0 : this.#settings.flushIntervalMs)
      return { event_id, stored: (await saved) && entry !== undefined }
    }
    return { event_id, recorded: this.#isOpen ? add() : this.#opened.then(add) }
  }

  /** Undefined when no JSON can be made of it. */
  #serialise(event_id: string, type: string, fields: Fields): string | undefined {
    const { appId, platform, appVersion, country } = this.#options
    const host = this.#host
    const own = Object.entries(fields).filter(([, value]) => value !== undefined)
    try {
      return JSON.stringify({
        occurred_at: new Date(host.now()).toISOString(),
        player_id: this.#playerId,
        app_id: appId,
        platform: platform ?? host.platform,
        app_version: appVersion,
        session_id: this.session.id,
        country,
        // An event of another time has another age than this clock says.
        monotonic: fields.occurred_at
          ? undefined
          : { run: this.#run, ms: Math.floor(host.monotonic()) },
        ...Object.fromEntries(own),
        event_id,
        event_type: type,
      })
    } catch {
      return undefined
    }
  }

  /** Sends what waits. True when nothing is left; false when the server cannot take it now. */
  async flush(): Promise<boolean> {
    await this.#work()
    // What came while the last answer was awaited.
    return this.#work()
  }

  /** After an `unauthorized` error: sends again, with this key or the same. */
  resume(apiKey = this.#options.apiKey): void {
    this.#sender.resume(apiKey)
    this.#plan(0)
  }

  /** Ends the session, sends what can be sent within the time, and closes the storage. */
  async shutdown(withinMs = 3_000): Promise<void> {
    this.session.end('shutdown')
    await this.#opened
    await new Promise<unknown>((resolve) => {
      const late = this.#host.setTimer(() => resolve(false), withinMs)
      void this.flush()
        .then(resolve)
        .finally(() => this.#host.clearTimer(late))
    })
    this.#isClosed = true
    this.#unwatch()
    this.#host.clearTimer(this.#timer)
    await this.#queue.close()
  }

  /** Calls `listener` for each notice of this name; returns how to stop that. */
  on<N extends keyof Notices>(name: N, listener: (notice: Notices[N]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  #tell<N extends keyof Notices>(name: N, notice: Notices[N]): void {
    // In a turn of its own: what a listener throws does not stop the queue.
    for (const listener of this.#listeners.get(name) ?? [])
      void Promise.resolve(notice as never).then(listener)
  }

  /** Works off the queue in `ms` milliseconds, or sooner if that was planned. */
  #plan(ms: number): void {
    const pause = this.#sender.pause()
    if (this.#isClosed || pause === undefined) return
    const wait = Math.max(ms, pause)
    const at = this.#host.monotonic() + wait
    if (at >= this.#wakesAt) return
    this.#host.clearTimer(this.#timer)
    this.#wakesAt = at
    this.#timer = this.#host.setTimer(() => {
      this.#wakesAt = Number.POSITIVE_INFINITY
      void this.#work()
    }, wait)
  }

  async #work(isLeaving = false): Promise<boolean> {
    if (this.#isClosed) return false
    if (!isLeaving) {
      await this.#opened
      await this.#adopt()
    } else if (!this.#isOpen) return false
    const isDone = await this.#sender.send(isLeaving)
    if (this.#queue.size() > 0) this.#plan(0)
    return isDone
  }

  async #adopt(): Promise<void> {
    if (this.#host.monotonic() < this.#adoptAt) return
    this.#adoptAt = this.#host.monotonic() + this.#settings.adoptIntervalMs
    await this.#queue
      .adopt()
      .catch((error: unknown) => this.#tell('error', { kind: 'storage', error }))
    if (this.#queue.size() > 0) this.#plan(this.#settings.flushIntervalMs)
  }
}

/** The one thing a game needs: see the README for its first five minutes. */
export const createClient = (options: ClientOptions): Client => new Client(options)
