// A player's account and currency, from the game: log in, earn, spend, read the balance. Promises: a
// movement is written down with its key before it is sent and forgotten after its answer, so that it
// happens once, also when the game or the network dies in between.
import { type Machine, machineOf } from '../host.ts'
import { uuidv7 } from '../uuid.ts'
import type { ProblemError } from './problem.ts'
import { request, type Wanted } from './requests.ts'

export { ProblemError } from './problem.ts'

type Later<T> = T | Promise<T>

/** Texts by name that outlive the game: localStorage, AsyncStorage, `fileItems`, or the like. */
export type PlayerItems = {
  getItem(key: string): Later<string | null>
  setItem(key: string, value: string): Later<unknown>
  removeItem(key: string): Later<unknown>
} & (
  | { getAllKeys(): Later<readonly string[]> }
  | { readonly length: number; key(index: number): string | null }
)

export type PlayersOptions = {
  /** The server's address. */
  readonly url: string
  readonly storage: PlayerItems
  readonly host?: Partial<Machine>
}

export type Movement = {
  /** A whole number, from 1. */
  readonly amount: number
  readonly currency?: string
  /** Shown in the player's ledger. */
  readonly reason?: string
}

/** `balance` is the one right after this movement. */
export type Moved = { readonly userId: string; readonly amount: number; readonly balance: number }

/** What became of a movement that an earlier run of the game left open. */
export type Resumed = {
  readonly path: '/earn' | '/spend'
  readonly movement: Movement
  readonly outcome: Moved | ProblemError
}

type Pending = {
  readonly userId: string
  readonly path: Resumed['path']
  /** As sent, byte for byte. */
  readonly body: string
}

type Session = { readonly token: string; readonly userId: string; readonly refreshToken: string }

const ROOT = 'questline/players/'
const GUEST = `${ROOT}guest`
const REFRESH = `${ROOT}refresh`
const PENDING = `${ROOT}pending/`

export class Players {
  readonly #url: string
  readonly #storage: PlayerItems
  readonly #host: Machine
  #userId = ''
  #token = ''
  #entering: Promise<string> | undefined

  constructor({ url, storage, host = {} }: PlayersOptions) {
    this.#url = url.replace(/\/+$/, '')
    this.#storage = storage
    this.#host = machineOf(host)
  }

  /** Undefined before the first login. */
  get userId(): string | undefined {
    return this.#userId || undefined
  }

  /**
   * Logs in whoever played on this device before: the registered player whose session goes on, else
   * the device's guest, who is made at the first call. Resolves with the player's id.
   */
  login(): Promise<string> {
    // Many calls may find out at once that they need it: one of them does it.
    this.#entering ??= this.#login().finally(() => {
      this.#entering = undefined
    })
    return this.#entering
  }

  async #login(): Promise<string> {
    const refreshToken = await this.#storage.getItem(REFRESH)
    if (refreshToken) return this.#enter('/auth/refresh', { refreshToken }, true)
    const kept = await this.#storage.getItem(GUEST)
    const guest = kept ?? JSON.stringify({ userId: uuidv7(this.#host), deviceSecret: makeSecret() })
    // Kept before the server knows it: a guest whose secret is lost is lost.
    if (!kept) await this.#storage.setItem(GUEST, guest)
    return this.#enter('/login', JSON.parse(guest), false)
  }

  /** Logs in a registered player, who stays logged in on this device until `logout`. */
  signIn(username: string, password: string): Promise<string> {
    return this.#enter('/auth/login', { username, password }, true)
  }

  /** Ends the session of a registered player. The device's guest is kept. */
  async logout(): Promise<void> {
    await this.#storage.removeItem(REFRESH)
    const headers = { authorization: `Bearer ${this.#token}` }
    this.#userId = this.#token = ''
    await this.#request({ method: 'POST', path: '/auth/logout', headers }).catch(() => undefined)
  }

  /** Adds to the balance. Throws ProblemError; after `unreachable` it is left to `resume`. */
  earn(movement: Movement): Promise<Moved> {
    return this.#move('/earn', movement)
  }

  /** Takes from the balance. Throws as `earn` does; `insufficient-funds` when there is too little. */
  spend(movement: Movement): Promise<Moved> {
    return this.#move('/spend', movement)
  }

  /** The balance of now. */
  async balance(currency?: string): Promise<number> {
    const query = currency ? `?currency=${encodeURIComponent(currency)}` : ''
    return (await this.#call<Moved>('GET', `/balance${query}`)).balance
  }

  /**
   * Finishes what this player's earlier runs left open, in order. Call it after `login`: it is the
   * only way to learn whether a movement happened whose answer was lost.
   */
  async resume(): Promise<readonly Resumed[]> {
    const storage = this.#storage
    const all =
      'getAllKeys' in storage
        ? await storage.getAllKeys()
        : Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
    const resumed: Resumed[] = []
    // Keys are UUIDs that begin with their time.
    for (const name of all.filter((key) => key.startsWith(PENDING)).sort()) {
      const pending: Pending = JSON.parse((await storage.getItem(name)) ?? '{}')
      if (pending.userId !== this.#userId) continue
      const key = name.slice(PENDING.length)
      const outcome = await this.#send(key, pending).catch((error: ProblemError) => error)
      resumed.push({ path: pending.path, movement: JSON.parse(pending.body), outcome })
    }
    return resumed
  }

  async #move(path: Pending['path'], { amount, currency, reason }: Movement): Promise<Moved> {
    if (!this.#userId) await this.login()
    const key = uuidv7(this.#host)
    const body = JSON.stringify({ amount, currency, reason })
    const pending = { userId: this.#userId, path, body }
    await this.#storage.setItem(PENDING + key, JSON.stringify(pending))
    return this.#send(key, pending)
  }

  async #send(key: string, { path, body }: Pending): Promise<Moved> {
    try {
      const headers = { 'idempotency-key': key }
      const moved = await this.#call<Moved>('POST', path, { body, headers })
      await this.#storage.removeItem(PENDING + key)
      return moved
    } catch (error) {
      // Without an answer, or without a login, nothing is decided yet.
      if (Object(error).status > 401 || Object(error).status === 400)
        await this.#storage.removeItem(PENDING + key)
      throw error
    }
  }

  async #call<T>(
    method: Wanted['method'],
    path: string,
    more: Pick<Wanted, 'body' | 'headers'> = {},
  ): Promise<T> {
    const send = (): Promise<T> => {
      const headers = { ...more.headers, authorization: `Bearer ${this.#token}` }
      return this.#request({ ...more, method, path, headers })
    }
    try {
      return await send()
    } catch (error) {
      if (Object(error).status !== 401) throw error
      // Tokens live for hours.
      await this.login()
      return send()
    }
  }

  async #enter(path: string, credentials: object, isKept: boolean): Promise<string> {
    const body = JSON.stringify(credentials)
    const session = await this.#request<Session>({ method: 'POST', path, body })
    // A refresh token works once: the next one is kept before anything else can happen.
    if (isKept) await this.#storage.setItem(REFRESH, session.refreshToken)
    this.#token = session.token
    this.#userId = session.userId
    return this.#userId
  }

  #request<T>(wanted: Wanted): Promise<T> {
    return request(this.#host, this.#url, wanted)
  }
}

/** 192 bits. Throws where there is no real randomness: a guessed secret is worse than none. */
function makeSecret(): string {
  const { crypto }: Globals = Object(globalThis)
  const bytes = crypto.getRandomValues(new Uint8Array(24))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

type Globals = { readonly crypto: { getRandomValues(bytes: Uint8Array): Uint8Array } }

export const createPlayers = (options: PlayersOptions): Players => new Players(options)
