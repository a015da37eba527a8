import { describe, expect, it } from 'vitest'
import { problemOf } from '../../../../tests/fresh-accounts.ts'
import { systemRandom } from '../platform/platform.ts'
import { createHashThreads } from './hash-threads.ts'
import { createPasswordHashing } from './password-hashing.ts'
import { impossibleHash, parseHash, tagOf } from './passwords.ts'

const random = systemRandom()
const aHashing = (hashConcurrency = 2, hashQueueMax = 100) =>
  createPasswordHashing(random, { hashConcurrency, hashQueueMax })
const turn = { begin: () => undefined, end: () => undefined }

describe('a password hash', () => {
  it('is argon2id at 19 MiB, two passes and one lane, with a salt of its own', async () => {
    const hashing = aHashing()
    const [one, two] = await Promise.all([hashing.hash('pässword 1'), hashing.hash('pässword 1')])
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(parseHash(one).salt.equals(parseHash(two).salt)).toBe(false)
    expect(one).not.toBe(two)
  })

  it('is the one that the reference implementation makes', async () => {
    // The argon2id vector of P-H-C/phc-winner-argon2, src/test.c.
    const cost = { memoryKiB: 65_536, passes: 2, lanes: 1, salt: Buffer.from('somesalt') }
    const tag = await tagOf(createHashThreads(), 'password', cost)
    expect(tag.toString('hex')).toBe(
      '09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7',
    )
  })

  it('matches its password and no other, to the last character and letter case', async () => {
    const hashing = aHashing()
    const long = `${'x'.repeat(1_000)}!`
    const stored = await hashing.hash(long)
    const matches = async (password: string) =>
      (await hashing.verify(password, stored, turn)).matches
    expect(await matches(long)).toBe(true)
    expect(await matches(`${'x'.repeat(1_000)}?`)).toBe(false)
    expect(await matches(`X${long.slice(1)}`)).toBe(false)
    expect(await matches('')).toBe(false)
  })

  it('is called weak when it was made at a lower cost', async () => {
    const hashing = aHashing()
    const stored = await hashing.hash('a password')
    const verify = (hash: string) => hashing.verify('a password', hash, turn)
    expect((await verify(stored)).weak).toBe(false)
    expect((await verify(stored.replace('m=19456', 'm=4096'))).weak).toBe(true)
    expect((await verify(stored.replace('t=2', 't=1'))).weak).toBe(true)
  })

  it('that nobody has costs as much as a real one and matches nothing', async () => {
    const nobodys = impossibleHash(random.bytes)
    const { tag: _, salt, ...cost } = parseHash(nobodys)
    expect(cost).toEqual({ memoryKiB: 19_456, passes: 2, lanes: 1 })
    expect(salt).toHaveLength(16)
    expect((await aHashing().verify('', nobodys, turn)).matches).toBe(false)
  })
})

describe('the queue of hashes', () => {
  it('runs as many at once as it may, lets as many wait, and refuses the rest', async () => {
    const hashing = aHashing(1, 2)
    const taken = [1, 2, 3].map((i) => hashing.hash(`password ${i}`))
    expect(hashing.load()).toEqual({ running: 1, waiting: 2 })
    const problem = await problemOf(hashing.hash('one too many'))
    expect(problem).toMatchObject({ code: 'overloaded', retryAfter: 1 })
    await Promise.all(taken)
    expect(hashing.load()).toEqual({ running: 0, waiting: 0 })
    await hashing.hash('room again')
  })

  it('never runs more at once, also when some fail', async () => {
    const hashing = aHashing(2, 100)
    const seen: number[] = []
    const stored = await hashing.hash('a password')
    const attempts = Array.from({ length: 12 }, (_, i) =>
      hashing.verify('a password', i % 3 === 0 ? 'not a hash' : stored, {
        ...turn,
        begin: () => seen.push(hashing.load().running),
      }),
    )
    const settled = await Promise.allSettled(attempts)
    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(4)
    expect(Math.max(...seen)).toBe(2)
    expect(hashing.load()).toEqual({ running: 0, waiting: 0 })
  })

  it('does no work for one whose turn is refused', async () => {
    const hashing = aHashing(1)
    const refuse = {
      ...turn,
      begin: () => {
        throw new Error('refused before parsing')
      },
    }
    await expect(hashing.verify('x', 'not a hash', refuse)).rejects.toThrow(
      'refused before parsing',
    )
    expect(hashing.load().running).toBe(0)
  })

  it('drops one whose client is gone while it waits, and the others keep their order', async () => {
    const hashing = aHashing(1, 3)
    const leaving = new AbortController()
    const done: string[] = []
    const hash = (name: string, gone?: AbortSignal) =>
      hashing.hash(name, gone).then(() => done.push(name))
    const staying = [hash('running', leaving.signal), hash('second')]
    const dropped = hash('third', leaving.signal)
    staying.push(hash('fourth'))
    expect(hashing.load()).toEqual({ running: 1, waiting: 3 })

    leaving.abort(new Error('the client left'))
    expect(hashing.load()).toEqual({ running: 1, waiting: 2 })
    await expect(dropped).rejects.toThrow('the client left')
    await Promise.all(staying)
    expect(done).toEqual(['running', 'second', 'fourth'])
    expect(hashing.load()).toEqual({ running: 0, waiting: 0 })
  })

  it('takes none whose client is gone already', async () => {
    const hashing = aHashing(1)
    const verified = hashing.verify('x', 'not a hash', turn, AbortSignal.abort(new Error('left')))
    await expect(verified).rejects.toThrow('left')
    expect(hashing.load()).toEqual({ running: 0, waiting: 0 })
  })

  it('keeps no hold of a signal whose hash has begun', async () => {
    const hashing = aHashing(1)
    const leaving = new AbortController()
    const two = [hashing.hash('one', leaving.signal), hashing.hash('two', leaving.signal)]
    await Promise.all(two)
    leaving.abort()
    expect(hashing.load()).toEqual({ running: 0, waiting: 0 })
    await hashing.hash('three')
  })

  it('leaves the event loop free', async () => {
    const hashing = aHashing(2)
    let turns = 0
    const ticking = setInterval(() => {
      turns += 1
    }, 1)
    await Promise.all(Array.from({ length: 8 }, () => hashing.hash('a password')))
    clearInterval(ticking)
    expect(turns).toBeGreaterThan(3)
  })
})
