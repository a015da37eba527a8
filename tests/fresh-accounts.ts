// Accounts on an empty database, with a clock that stands still until a test moves it.
import { ProblemError } from '@questline/contracts'
import { afterEach } from 'vitest'
import {
  type Accounts,
  type AccountsSettings,
  createAccounts,
} from '../packages/server/src/accounts/accounts.ts'
import { type Clock, systemRandom } from '../packages/server/src/platform/platform.ts'
import {
  createWriter,
  migrate,
  type Store,
  type Writer,
} from '../packages/server/src/store/store.ts'
import { accountsSettings } from './builders.ts'
import type { FreshDatabase } from './database.ts'
import { openTestStore } from './open-store.ts'

export type TestClock = Clock & { advance(ms: number): void }

/** Noon of an ordinary day. */
export function aClock(startMs = Date.UTC(2026, 2, 1, 12)): TestClock {
  let passed = 0
  return {
    now: () => startMs + passed,
    monotonic: () => passed,
    advance(ms) {
      passed += ms
    },
  }
}

export const aSecret = (letter = 's'): string => letter.repeat(43)

export type AccountsFixture = {
  readonly accounts: Accounts
  readonly store: Store
  readonly writer: Writer
  readonly clock: TestClock
  readonly url: string
  /** The same database as another process sees it: its own connections, caches and counters. */
  elsewhere(changes?: Partial<AccountsSettings>): Promise<Accounts>
  close(): Promise<void>
}

type OpenAccounts = (
  changes?: Partial<AccountsSettings>,
  decorateStore?: (store: Store) => Store,
) => Promise<AccountsFixture>

/** Opens accounts on a database of their own, which are closed and removed when the test is over. */
export function accountsPerTest(database: { fresh(): Promise<FreshDatabase> }): OpenAccounts {
  const opened: AccountsFixture[] = []
  afterEach(async () => {
    for (const { close } of opened.splice(0)) await close()
  })
  return async (changes = {}, decorateStore = (store) => store) => {
    const fixture = await freshAccounts(database, changes, decorateStore)
    opened.push(fixture)
    return fixture
  }
}

async function freshAccounts(
  database: { fresh(): Promise<FreshDatabase> },
  changes: Partial<AccountsSettings>,
  decorateStore: (store: Store) => Store,
): Promise<AccountsFixture> {
  const { url, drop } = await database.fresh()
  const clock = aClock()
  const stores: Store[] = []
  const open = async (settings: Partial<AccountsSettings>) => {
    const random = systemRandom()
    const store = decorateStore(openTestStore(url))
    stores.push(store)
    await migrate(store, clock.now)
    const writer = createWriter(
      { store, monotonic: clock.monotonic, onFatal: () => undefined },
      { commitWritesMax: 1_024 },
    )
    const accounts = createAccounts(
      { store, writer, clock, random },
      accountsSettings({ ...changes, ...settings }),
    )
    return { store, writer, accounts }
  }
  return {
    ...(await open({})),
    clock,
    url,
    elsewhere: async (settings = {}) => (await open(settings)).accounts,
    async close() {
      await Promise.all(stores.map((store) => store.close()))
      await drop()
    },
  }
}

const ENCODINGS = ['latin1', 'base64url', 'base64', 'hex'] as const

/** All that rows hold as text, bytes under each of the names that a secret could be read by. */
export const storedText = (rows: readonly unknown[]): string =>
  JSON.stringify(rows, (_name, value) => {
    if (value?.type !== 'Buffer' && !(value instanceof Uint8Array)) return value
    const bytes = Buffer.from(value)
    return ENCODINGS.map((encoding) => bytes.toString(encoding))
  })

/** The code of the problem that `promise` fails with. Anything else that it does is the test's failure. */
export async function problemOf(promise: Promise<unknown>): Promise<ProblemError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof ProblemError) return error
    throw error
  }
  throw new Error('it succeeded')
}

export const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  (await problemOf(promise)).code
