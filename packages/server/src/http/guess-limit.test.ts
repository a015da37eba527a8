import { ProblemError } from '@questline/contracts'
import { expect, it } from 'vitest'
import { createGuessLimit } from './guess-limit.ts'

const PER_MINUTE = 4

/** Logins of one address whose passwords are looked at until it is said what they are. */
function logins() {
  const limit = createGuessLimit({ now: () => 0, monotonic: () => 0 }, PER_MINUTE)
  let atWork: PromiseWithResolvers<void>[] = []
  const logIn = () =>
    limit.attempt('here', () => {
      const password = Promise.withResolvers<void>()
      atWork.push(password)
      return password.promise
    })
  return {
    logIn: (count: number) => Array.from({ length: count }, logIn),
    atWork: () => atWork.length,
    answer(isRight: boolean) {
      const answered = atWork
      atWork = []
      for (const { resolve, reject } of answered) {
        isRight ? resolve() : reject(new ProblemError('invalid-credentials'))
      }
    },
  }
}

const settled = () => new Promise(setImmediate)

it('no more are at work than may still fail, also when all end at once while others come', async () => {
  const { logIn, atWork, answer } = logins()
  const right = logIn(PER_MINUTE)
  const waiting = logIn(PER_MINUTE)
  await settled()
  expect(atWork()).toBe(PER_MINUTE)

  answer(true)
  await Promise.all(right)
  const late = logIn(PER_MINUTE)
  await settled()
  expect(atWork()).toBe(PER_MINUTE)

  answer(false)
  const codes = (await Promise.allSettled([...waiting, ...late])).map((each) =>
    each.status === 'rejected' ? each.reason.code : each.status,
  )
  expect(codes.filter((code) => code === 'invalid-credentials')).toHaveLength(PER_MINUTE)
  expect(codes.filter((code) => code === 'too-many-requests')).toHaveLength(PER_MINUTE)
})
