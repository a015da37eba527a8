import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What is known of a connection beside its requests. */
export type ConnectionState = {
  /** The newest answer on it. */
  answering: ServerResponse | null
  /** Nothing that still comes on it may be carried out. */
  ended: boolean
}

const STATE: unique symbol = Symbol('questline connection')

declare module 'node:net' {
  interface Socket {
    [STATE]?: ConnectionState
  }
}

/** Kept on the socket itself: a WeakMap of sockets costs every garbage collection a walk over all of them. */
export function stateOf(socket: Socket): ConnectionState {
  const known = socket[STATE]
  if (known) return known
  const state = { answering: null, ended: false }
  socket[STATE] = state
  return state
}
