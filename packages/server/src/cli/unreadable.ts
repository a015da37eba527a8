import { CommandFailure } from './command-failure.ts'

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
}

/** What to say of a file that a command was given: the words of the system would name its calls. */
export function unreadable(file: string, error: Error): CommandFailure {
  const code = 'code' in error ? String(error.code) : ''
  return new CommandFailure(2, `${file} cannot be read: ${REASONS[code] ?? error.message}`)
}
