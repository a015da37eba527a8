import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Caller } from './endpoint.ts'

export type Proven = {
  readonly header: string
  readonly token: string
  /** Whose key it is; null for a token, which may end. */
  readonly key: Caller | null
}

/** What is known of a connection beside its requests. */
export type ConnectionState = {
  /** The newest answer on it. */
  answering: ServerResponse | null
  /**
   * The last `Authorization` that bore a known token or the key of the settings. A client repeats it
   * with each request: cutting it out and hashing it anew took 1.7 of the 21 µs of a balance read, and
   * 7 of the 95 µs of an event.
   */
  proven: Proven | null
  /** Nothing that still comes on it may be carried out. */
  ended: boolean
  /** Aborts when it is closed. Made for the first request that asks for it. */
  closed: AbortSignal | null
}

const STATE: unique symbol = Symbol('questline connection')
const WAITING: unique symbol = Symbol('questline waiting')

declare module 'node:http' {
  interface IncomingMessage {
    [WAITING]?: AbortController
  }
}

declare module 'node:net' {
  interface Socket {
    [STATE]?: ConnectionState
  }
}

/** Kept on the socket itself: a WeakMap of sockets costs every garbage collection a walk over all of them. */
export function stateOf(socket: Socket): ConnectionState {
  const known = socket[STATE]
  if (known) return known
  const state = { answering: null, proven: null, ended: false, closed: null }
  socket[STATE] = state
  return state
}

/** Why work was given up: there is no one to answer, or no more to say, and nothing has failed. */
export class NobodyWaits extends Error {
  constructor() {
    super('nobody waits for the answer any more')
  }
}

/** Aborts with `NobodyWaits` when the connection is closed, or the request is answered by `giveUp`. */
export function goneOf(request: IncomingMessage): AbortSignal {
  const state = stateOf(request.socket)
  state.closed ??= abortedByClose(request.socket)
  const waiting = new AbortController()
  request[WAITING] = waiting
  return AbortSignal.any([state.closed, waiting.signal])
}

/** Says that the request has had its answer: what can still be given up of its work, is. */
export function giveUp(request: IncomingMessage): void {
  request[WAITING]?.abort(new NobodyWaits())
}

function abortedByClose(socket: Socket): AbortSignal {
  const leaving = new AbortController()
  const leave = () => leaving.abort(new NobodyWaits())
  if (socket.destroyed) leave()
  else socket.once('close', leave)
  return leaving.signal
}
