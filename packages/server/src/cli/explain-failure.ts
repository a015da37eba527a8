import { ConfigError } from '../config/config.ts'
import { CommandFailure } from './command-failure.ts'

export type Explained = { readonly message: string; readonly exitCode: 1 | 2 }

/**
 * One clear line for what can happen to anybody, a stack for what is a bug of ours.
 * What tells them apart is loaded only now, when something has failed.
 */
export async function explainFailure(error: unknown): Promise<Explained> {
  if (error instanceof CommandFailure) return { message: error.message, exitCode: error.exitCode }
  if (error instanceof ConfigError) return { message: error.message, exitCode: 2 }
  const { AccountsUsageError } = await import('../accounts/accounts.ts')
  if (error instanceof AccountsUsageError) return { message: error.message, exitCode: 2 }
  const { BackupError } = await import('../backup/backup.ts')
  if (error instanceof BackupError) {
    return { message: error.message, exitCode: error.kind === 'usage' ? 2 : 1 }
  }
  const { LakeError } = await import('../lake/lake.ts')
  if (error instanceof LakeError) return { message: error.message, exitCode: 1 }
  const { FlinkError } = await import('../windows/flink/flink.ts')
  if (error instanceof FlinkError) return { message: error.message, exitCode: 1 }
  const { KafkaUnavailable } = await import('../kafka/kafka.ts')
  if (error instanceof KafkaUnavailable) return { message: error.message, exitCode: 1 }
  const { SchemaError, ServerLockError, StoreFailure } = await import('../store/store.ts')
  if (error instanceof SchemaError || error instanceof ServerLockError) {
    return { message: error.message, exitCode: 1 }
  }
  if (error instanceof StoreFailure && error.kind !== 'bug') {
    return { message: `the database: ${reasonOf(error.cause)}`, exitCode: 1 }
  }
  return ofTheSystem(error) ?? { message: stackOf(error), exitCode: 1 }
}

/** The operating system said no, as it may to anybody. */
function ofTheSystem(error: unknown): Explained | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined
  const { code } = error
  const address = 'address' in error ? `${error.address}` : 'this machine'
  if (code === 'EADDRINUSE' && 'port' in error) {
    return {
      message: `port ${error.port} of ${address} is taken: stop what listens there, or set PORT to another one`,
      exitCode: 1,
    }
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return {
      message: `cannot listen on ${address}: set HOST to an address of this machine`,
      exitCode: 2,
    }
  }
  if (code === 'EACCES' && 'port' in error) {
    return {
      message: `port ${error.port} needs rights that this user has not: set PORT to one above 1023`,
      exitCode: 1,
    }
  }
  return { message: error.message, exitCode: 1 }
}

/** Node gathers several failed connections in one error that says nothing itself. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) {
    return [...new Set(cause.errors.map(reasonOf))].join(', ')
  }
  return cause instanceof Error ? cause.message || cause.name : String(cause)
}

function stackOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const cause = error instanceof Error && error.cause ? `\n  caused by ${stackOf(error.cause)}` : ''
  return `this is a bug: ${stack}${cause}`
}
