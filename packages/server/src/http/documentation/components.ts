import { LIMITS, Problem, type Route } from '@questline/contracts'
import { isJson, type Json } from './json.ts'
import { problemExamples } from './problem-responses.ts'
import { SECURITY_SCHEMES } from './security.ts'

export const HEADERS: Json = {
  'X-Request-ID': {
    description: "Names this request in the server's log. Quote it when something is wrong.",
    schema: { type: 'string' },
  },
  'Idempotency-Replayed': {
    description: '`true` on the remembered answer to a request that came before; else absent.',
    schema: { type: 'string', const: 'true' },
  },
  'Retry-After': {
    description: 'Seconds after which the same request, with the same key, may succeed.',
    schema: { type: 'integer', minimum: 1 },
  },
  'WWW-Authenticate': {
    description: '`Bearer`, with `error="invalid_token"` when there was one and it did not hold.',
    schema: { type: 'string' },
  },
}

export const PARAMETERS: Json = {
  'Idempotency-Key': {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'Names what you want to happen once: a UUID, made before the first attempt and sent with each retry, with the same bytes.',
    schema: { type: 'string', minLength: 1, maxLength: LIMITS.idempotencyKeyCharsMax },
  },
  'X-Request-ID': {
    name: 'X-Request-ID',
    in: 'header',
    required: false,
    description: 'Your own name for this request; the answer and the log carry it.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' },
  },
}

/** What the operations of `routes` refer to by name. */
export function components(routes: readonly Route[]): Json {
  return {
    securitySchemes: SECURITY_SCHEMES,
    parameters: PARAMETERS,
    headers: HEADERS,
    examples: problemExamples(routes),
    schemas: { Problem: plainSchema(Problem), ...Object.fromEntries(namedSchemas(routes)) },
  }
}

/**
 * The titled schemas of all answers, in reading order.
 * @throws Error when two different schemas have one title, since one of them would be lost
 */
function namedSchemas(routes: readonly Route[]): ReadonlyMap<string, Json> {
  const named = new Map<string, Json>()
  for (const schema of routes.flatMap(({ responses }) => Object.values<unknown>(responses))) {
    const plain = plainSchema(schema)
    if (!isJson(plain) || typeof plain['title'] !== 'string') continue
    const known = named.get(plain['title'])
    if (known && JSON.stringify(known) !== JSON.stringify(plain)) {
      throw new Error(`two different schemas are titled ${plain['title']}`)
    }
    named.set(plain['title'], plain)
  }
  return named
}

/** Formats that only this server checks: to other tools they are unknown words. */
const OWN_FORMATS = new Set<unknown>(['text', 'client-time', 'iso-4217'])

/** A copy of a contract's schema with nothing in it that other tools do not know. */
export function plainSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(plainSchema)
  if (!isJson(schema)) return schema
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([name, value]) => name !== 'format' || !OWN_FORMATS.has(value))
      .map(([name, value]) => [name, plainSchema(value)]),
  )
}
