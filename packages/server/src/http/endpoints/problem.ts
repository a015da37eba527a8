import { PROBLEM_PAGE, PROBLEMS, ProblemError } from '@questline/contracts'
import { endpoint, ok } from '../endpoint.ts'

export const problem = () =>
  endpoint(PROBLEM_PAGE, async ({ params: { code } }) => {
    const known = Object.entries(PROBLEMS).find(([name]) => name === code)
    if (!known) throw new ProblemError('not-found')
    return ok({ code, ...known[1] })
  })
