/** What is sent: a row, and where it stands in its lane. Positions of a lane grow, and may leave gaps. */
export type SinkRecord = { readonly position: number; readonly bytes: Uint8Array }

/** Of one request. */
export type RequestLimits = {
  readonly records: number
  readonly bytes: number
  /** What a record of so many bytes takes of them. */
  readonly sizeOf: (bytes: number) => number
}

/**
 * Where records go. They come in lanes, each in its own order: the log is one, a partition of Kafka is
 * one. A sink that keeps the position of the last record beside the records takes each exactly once;
 * others take it at least once.
 */
export interface Sink {
  readonly limits: RequestLimits
  /**
   * The position of the last record of a lane that it has for good, by its own account; null when it has
   * none, or keeps no account.
   * @throws SinkFailure
   */
  position(lane: string, signal: AbortSignal): Promise<number | null>
  /**
   * Hands over records of one request, which keeps the limits. Those that it has already are left out.
   * @returns the places of those that were not taken, though the request itself went well
   * @throws SinkFailure when nothing is known about any of them, or the service refuses the request
   * @throws Rewound
   */
  put(lane: string, records: readonly SinkRecord[], signal: AbortSignal): Promise<readonly number[]>
  /**
   * Resolves when all that was put into a lane is there for good.
   * @throws Rewound, SinkFailure
   */
  settle(lane: string, signal: AbortSignal): Promise<void>
  close(): void
}

type FailureOptions = ErrorOptions & { readonly afterMs?: number }

export class SinkFailure extends Error {
  /** Trying again helps: no answer, too much at once, or a fault of the service. Else a setting is wrong. */
  readonly isPassing: boolean
  /** The service has asked for so long a pause, in milliseconds; 0 when it has said nothing. */
  readonly afterMs: number
  constructor(message: string, isPassing: boolean, options?: FailureOptions) {
    super(message, options)
    this.name = 'SinkFailure'
    this.isPassing = isPassing
    this.afterMs = options?.afterMs ?? 0
  }
}

/** Of what was put since the last `settle` some may be gone: all of it is to be put again. */
export class Rewound extends SinkFailure {
  constructor(message: string, options?: FailureOptions) {
    super(message, true, options)
    this.name = 'Rewound'
  }
}
