import { PROBLEMS, type ProblemCode, problemDocument, type Route } from '@questline/contracts'
import type { Json } from './json.ts'

const CODES = Object.keys(PROBLEMS) as readonly ProblemCode[]

/**
 * The problems that `route` can answer with, by status: those of its contract, and those that follow
 * from who may call it and what it reads. What meets every request on earth (a URL or headers that
 * are too long, a bug) stands once, in the introduction.
 */
export function problemsByStatus(route: Route): ReadonlyMap<number, readonly ProblemCode[]> {
  const possible = new Set<ProblemCode>([...route.problems, ...impliedProblems(route)])
  const statuses = new Map<number, ProblemCode[]>()
  // In the order of the table, so that the document does not depend on the order of a contract's list.
  for (const code of CODES) {
    if (!possible.has(code)) continue
    const { status } = PROBLEMS[code]
    statuses.set(status, [...(statuses.get(status) ?? []), code])
  }
  return new Map([...statuses].sort(([a], [b]) => a - b))
}

function impliedProblems(route: Route): readonly ProblemCode[] {
  const identified = route.access !== 'anyone' && route.access !== 'verifier'
  const probe = route.tag === 'Operations'
  const codes: readonly (readonly [boolean, readonly ProblemCode[]])[] = [
    [route.bodyBytesMax !== undefined, BODY],
    [route.query !== undefined || route.params !== undefined, ['malformed-request']],
    [hasSchema(route), ['invalid-request']],
    [route.idempotent, ['idempotency-key-invalid']],
    [!probe && route.access !== 'verifier', ['not-acceptable']],
    [identified, ['unauthenticated', 'invalid-token', 'forbidden']],
    [!probe, ['too-many-requests', 'overloaded', 'store-unavailable', 'shutting-down']],
  ]
  return codes.flatMap(([applies, implied]) => (applies ? implied : []))
}

const BODY = ['malformed-body', 'body-too-large', 'unsupported-media-type'] as const

const hasSchema = ({ body, query, params }: Route): boolean =>
  body !== undefined || query !== undefined || params !== undefined

/** One response object per status; examples and headers are references to the components. */
export function problemResponses(route: Route): Json {
  const responses = [...problemsByStatus(route)].map(([status, codes]) => [
    String(status),
    {
      description: codes.map(describe).join('\n'),
      headers: headersOf(status, codes),
      content: {
        'application/problem+json': {
          schema: { $ref: '#/components/schemas/Problem' },
          examples: Object.fromEntries(
            codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]),
          ),
        },
      },
    },
  ])
  return Object.fromEntries(responses)
}

/** One document per problem that an operation of `routes` can answer with. */
export function problemExamples(routes: readonly Route[]): Json {
  const used = new Set(routes.flatMap((route) => [...problemsByStatus(route).values()].flat()))
  const examples = CODES.filter((code) => used.has(code)).map((code) => [
    code,
    { summary: PROBLEMS[code].title, value: problemDocument(code, { requestId: '0f8c6d1e' }) },
  ])
  return Object.fromEntries(examples)
}

const describe = (code: ProblemCode): string => {
  const { title, retry } = PROBLEMS[code]
  return `- \`${code}\`: ${title}${retry ? ' Retry after `Retry-After`.' : ''}`
}

function headersOf(status: number, codes: readonly ProblemCode[]): Json {
  const names = [
    'X-Request-ID',
    ...(status === 401 ? ['WWW-Authenticate'] : []),
    ...(codes.some((code) => PROBLEMS[code].retry) ? ['Retry-After'] : []),
    ...(codes.some(isRemembered) ? ['Idempotency-Replayed'] : []),
  ]
  return headerReferences(names)
}

/** Refusals that are kept under their key, as the ledger keeps them. */
const isRemembered = (code: ProblemCode): boolean =>
  code === 'insufficient-funds' || code === 'balance-limit' || code === 'daily-earn-limit'

export const headerReferences = (names: readonly string[]): Json =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
