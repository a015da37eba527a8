import { LIMITS } from '@questline/contracts'

/**
 * Tells whether a password is among the 18,000 commonest that are long enough, in any letter case.
 * The list takes 30 ms and 3 MB to load, so it waits for the first registration.
 */
export function createCommonPasswords(): (password: string) => Promise<boolean> {
  let loading: Promise<ReadonlySet<string>> | undefined
  return async (password) => {
    loading ??= load()
    return (await loading).has(password.toLowerCase())
  }
}

async function load(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  const common = dictionary['passwords-common']
  return new Set(common.filter(({ length }) => length >= LIMITS.passwordCharsMin))
}
