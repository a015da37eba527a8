/** Where records go. */
export interface Sink {
  /**
   * Hands over records of one request, which keeps the limits.
   * @returns the places of those that were not taken, though the request itself went well
   * @throws SinkFailure when nothing is known about any of them, or the service refuses the request
   */
  put(records: readonly Uint8Array[], signal: AbortSignal): Promise<readonly number[]>
  close(): void
}

export class SinkFailure extends Error {
  /** Trying again helps: no answer, too much at once, or a fault of the service. Else a setting is wrong. */
  readonly isPassing: boolean
  constructor(message: string, isPassing: boolean, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SinkFailure'
    this.isPassing = isPassing
  }
}
