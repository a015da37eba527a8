// What a failed request is answered with, checked as a whole: one problem document in one shape.
import { PROBLEMS, type ProblemCode } from '@questline/contracts'
import { expect } from 'vitest'
import type { Answer } from './client.ts'

/** Field names of RFC 9457 and our own; `detail` and `errors` only where there is more to say. */
const FIELDS = ['type', 'title', 'status', 'detail', 'instance', 'code', 'request_id', 'errors']
/** What no client may be told: stacks, SQL and the names of what we are made of. */
const TOLD = /\bat .+:\d+:\d+|node_modules|\.ts\b|SELECT |INSERT |UPDATE |sqlite|postgres|fastify/i

/** Checks that `answer` is the problem `code` and nothing else. Returns its document. */
export function expectProblem(answer: Answer, code: ProblemCode): Answer['body'] {
  expect(answer.body['code'], `${answer.status} ${answer.text}`).toBe(code)
  expectProblemDocument(answer)
  return answer.body
}

/** Checks the shape of any problem, whichever its code. */
export function expectProblemDocument(answer: Answer): void {
  const { status, headers, body, text } = answer
  const code = String(body['code']) as ProblemCode
  const known = PROBLEMS[code]
  expect(known, text).toBeDefined()
  expect(headers['content-type']).toBe('application/problem+json')
  expect(status).toBe(known.status)
  expect(body).toMatchObject({
    type: `/problems/${code}`,
    title: known.title,
    status: known.status,
    instance: `urn:request:${body['request_id']}`,
  })
  expect(Object.keys(body).filter((name) => !FIELDS.includes(name))).toEqual([])
  // A refusal that is answered again bears the id of the request that it was first given to.
  if (headers['idempotency-replayed'] === undefined) {
    expect(body['request_id']).toBe(headers['x-request-id'])
  }
  expect(text).not.toMatch(TOLD)
  expectHeadersOf(answer, code)
}

function expectHeadersOf({ status, headers }: Answer, code: ProblemCode): void {
  const challenge = code === 'invalid-token' ? 'Bearer error="invalid_token"' : 'Bearer'
  expect(headers['www-authenticate']).toBe(status === 401 ? challenge : undefined)
  expect(headers['allow'] !== undefined).toBe(status === 405)
  if (PROBLEMS[code].retry) expect(headers['retry-after']).toMatch(/^[1-9]\d*$/)
  else expect(headers['retry-after']).toBeUndefined()
}

/** The JSON pointers that a problem lists, in their order. */
export const pointersOf = ({ body }: Answer): string[] =>
  ((body['errors'] ?? []) as { pointer: string }[]).map(({ pointer }) => pointer)
