import type { HashThreads } from './hash-threads.ts'

/** Cost of a hash: about 15 ms and 19 MiB, OWASP's first choice for argon2id. */
export const PASSWORD_COST = { memoryKiB: 19_456, passes: 2, lanes: 1 } as const
const SALT_BYTES = 16
const TAG_BYTES = 32

/** An argon2id hash with all that is needed to repeat it. */
type Stored = {
  readonly memoryKiB: number
  readonly passes: number
  readonly lanes: number
  readonly salt: Buffer
  readonly tag: Buffer
}

const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

/** Reads the PHC form, `$argon2id$v=19$m=…,t=…,p=…$salt$tag`. */
export function parseHash(text: string): Stored {
  const [, memoryKiB, passes, lanes, salt = '', tag = ''] = PHC.exec(text) ?? []
  if (tag === '') throw new Error('a stored password hash is not in PHC form')
  return {
    memoryKiB: Number(memoryKiB),
    passes: Number(passes),
    lanes: Number(lanes),
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
}

const formatHash = ({ memoryKiB, passes, lanes, salt, tag }: Stored): string =>
  `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${lanes}$${unpadded(salt)}$${unpadded(tag)}`

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')

/** Whether a hash was made at a lower cost than today's. */
export const isWeak = ({ memoryKiB, passes }: Stored): boolean =>
  memoryKiB < PASSWORD_COST.memoryKiB || passes < PASSWORD_COST.passes

/** The tag of `password` at the cost and with the salt of `stored`. */
export const tagOf = (
  threads: HashThreads,
  password: string,
  stored: Omit<Stored, 'tag'>,
): Promise<Buffer> => threads({ ...stored, password, tagBytes: TAG_BYTES })

export async function hashPassword(
  threads: HashThreads,
  password: string,
  bytes: (count: number) => Buffer,
): Promise<string> {
  const stored = { ...PASSWORD_COST, salt: Buffer.from(bytes(SALT_BYTES)) }
  return formatHash({ ...stored, tag: await tagOf(threads, password, stored) })
}

/** A hash that no password has: checking against it takes as long as against a real one. */
export const impossibleHash = (bytes: (count: number) => Buffer): string =>
  formatHash({ ...PASSWORD_COST, salt: bytes(SALT_BYTES), tag: bytes(TAG_BYTES) })
