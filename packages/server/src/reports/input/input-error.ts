/**
 * A file of the reports that cannot be taken: missing, unreadable, no CSV, a column missing. The
 * message is one line for the person who put the file there; a command ends with exit code 2.
 */
export class InputError extends Error {
  override readonly name = 'InputError'
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'it may not be read (permission denied)',
  EPERM: 'it may not be read (permission denied)',
  EISDIR: 'it is a folder, not a file',
  ENOTDIR: 'a part of its path is no folder',
  ELOOP: 'it is a link that leads back to itself',
}

/**
 * What a failed call to the file system means for the person whose file it is; any other error is
 * handed back as it is, since that is ours.
 */
export function fileFailure(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const reason = REASONS[code]
  return reason === undefined
    ? error
    : new InputError(`${path} cannot be read: ${reason}`, { cause: error })
}
