/**
 * A copy cannot be made or put back.
 * - `usage`: not as it was asked for; another file or an option helps
 * - `refused`: what was asked for would lose something
 */
export class BackupError extends Error {
  readonly kind: 'usage' | 'refused'
  constructor(kind: 'usage' | 'refused', message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'BackupError'
    this.kind = kind
  }
}
