import { ProblemError } from '@questline/contracts'

/** A position in a list, opaque to clients: whole numbers in base64url. */
export const writeCursor = (position: readonly number[]): string =>
  Buffer.from(position.join('.')).toString('base64url')

/** @throws ProblemError `invalid-request` when it is none that `writeCursor` made */
export function readCursor(cursor: string, length: number): readonly number[] {
  const position = Buffer.from(cursor, 'base64url').toString().split('.').map(Number)
  // Written again it must be the same, since '' and '1e3' are numbers too.
  const isOurs = position.every(Number.isSafeInteger) && writeCursor(position) === cursor
  if (isOurs && position.length === length) return position
  throw new ProblemError('invalid-request', {
    errors: [{ pointer: '#/cursor', detail: 'is not a nextCursor of this list' }],
  })
}
