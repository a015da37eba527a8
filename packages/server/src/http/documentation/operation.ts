import type { Route } from '@questline/contracts'
import { plainSchema } from './components.ts'
import { EXAMPLE_BODIES } from './examples.ts'
import { isJson, type Json } from './json.ts'
import { headerReferences, problemResponses } from './problem-responses.ts'
import { SECURITY } from './security.ts'

/** What of an operation comes from the schemas of its request. */
export type RequestPart = {
  readonly parameters?: readonly unknown[]
  readonly requestBody?: unknown
}

/** The operation object of `route`, around what was derived from its request's schemas. */
export function operation(route: Route, { parameters = [], requestBody }: RequestPart): Json {
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    description: descriptionOf(route),
    security: SECURITY[route.access],
    parameters: [...parameters, ...headerParameters(route)],
    ...(requestBody === undefined ? {} : { requestBody: withExample(route, requestBody) }),
    responses: { ...successes(route), ...problemResponses(route) },
  }
}

function descriptionOf({ description, aliases, method }: Route): string {
  if (aliases.length === 0) return description
  const names = aliases.map((alias) => `\`${method} ${alias}\``).join(', ')
  return `${description}\n\nThe same route is served as ${names}: same limits, same keys, same answers.`
}

function headerParameters({ idempotent }: Route): readonly Json[] {
  const names = [...(idempotent ? ['Idempotency-Key'] : []), 'X-Request-ID']
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }))
}

function withExample({ id }: Route, requestBody: unknown): unknown {
  const example = EXAMPLE_BODIES[id]
  if (example === undefined || !isJson(requestBody) || !isJson(requestBody['content'])) {
    return requestBody
  }
  const content = Object.entries(requestBody['content']).map(([type, media]) => [
    type,
    isJson(media) ? { ...media, example } : media,
  ])
  return { ...requestBody, content: Object.fromEntries(content) }
}

const MEANING: Readonly<Record<string, string>> = {
  200: 'Done.',
  201: 'Made.',
  202: 'Begun.',
  503: 'Not now; the same body says what is wrong.',
}

function successes({ responses, idempotent, produces = ['application/json'] }: Route): Json {
  const names = ['X-Request-ID', ...(idempotent ? ['Idempotency-Replayed'] : [])]
  const entries = Object.entries(responses).map(([status, schema]) => [
    status,
    {
      description: MEANING[status] ?? `Status ${status}.`,
      headers: headerReferences(names),
      content: Object.fromEntries(produces.map((type) => [type, { schema: bodyOf(type, schema) }])),
    },
  ])
  return Object.fromEntries(entries)
}

const bodyOf = (type: string, schema: unknown): unknown =>
  type === 'application/json' ? referenceTo(schema) : { type: 'string' }

/** Schemas with a title are components, so that generators give them one name. */
const referenceTo = (schema: unknown): unknown =>
  isJson(schema) && typeof schema['title'] === 'string'
    ? { $ref: `#/components/schemas/${schema['title']}` }
    : plainSchema(schema)
