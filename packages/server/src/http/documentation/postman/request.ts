import { PROBLEMS } from '@questline/contracts'
import { EXAMPLE_BODIES } from '../examples.ts'
import type { Json } from '../json.ts'
import type { Step } from './step.ts'

/** A step as an item of the collection format v2.1. */
export function requestItem(step: Step): Json {
  return {
    name: step.name,
    event: [
      ...(step.before ? [script('prerequest', step.before)] : []),
      script('test', testLines(step)),
    ],
    request: {
      ...authOf(step),
      method: step.method ?? step.route.method,
      header: headersOf(step),
      ...bodyOf(step),
      url: urlOf(step),
      description: [step.about, step.route.description].filter(Boolean).join('\n\n'),
    },
    response: [],
  }
}

export const script = (listen: 'prerequest' | 'test', lines: readonly string[]): Json => ({
  listen,
  script: { type: 'text/javascript', exec: lines },
})

export const bearerAuth = (value: string): Json => ({
  type: 'bearer',
  bearer: [{ key: 'token', value, type: 'string' }],
})

/** Without an `auth` of its own an item has the collection's: the kept token. */
function authOf({ bearer, route }: Step): Json {
  const unlooked = route.access === 'anyone' || route.access === 'verifier'
  const value = bearer === undefined && unlooked ? null : bearer
  if (value === undefined) return {}
  return { auth: value === null ? { type: 'noauth' } : bearerAuth(value) }
}

const takesBody = ({ method, route }: Step): boolean =>
  route.body !== undefined && (method ?? route.method) === route.method

function headersOf(step: Step): readonly Json[] {
  const headers = {
    ...(takesBody(step) ? { 'Content-Type': 'application/json' } : {}),
    ...(step.key === undefined ? {} : { 'Idempotency-Key': step.key }),
    ...step.headers,
  }
  return Object.entries(headers).map(([key, value]) => ({ key, value }))
}

function bodyOf(step: Step): Json {
  if (!takesBody(step)) return {}
  const raw =
    step.rawBody ?? JSON.stringify({ ...EXAMPLE_BODIES[step.route.id], ...step.body }, null, 2)
  return { body: { mode: 'raw', raw, options: { raw: { language: 'json' } } } }
}

function urlOf({ route, path = route.path, params = {}, query = [] }: Step): Json {
  const text = query.map(([name, value]) => `${name}=${value}`).join('&')
  return {
    raw: `{{baseUrl}}${path}${text === '' ? '' : `?${text}`}`,
    host: ['{{baseUrl}}'],
    path: path.slice(1).split('/'),
    ...(query.length === 0 ? {} : { query: query.map(([key, value]) => ({ key, value })) }),
    ...(Object.keys(params).length === 0
      ? {}
      : { variable: Object.entries(params).map(([key, value]) => ({ key, value })) }),
  }
}

/** For scripts, each of which has a scope of its own. */
export const HEADER = 'const header = (name) => pm.response.headers.get(name)'

function testLines(step: Step): readonly string[] {
  return [
    'const json = pm.response.json()',
    HEADER,
    ...(step.problem ? problemTest(step.problem) : successTests(step)),
    ...Object.entries(step.checks ?? {}).map(([name, check]) => test(name, check)),
    ...Object.entries(step.keep ?? {}).map(
      ([variable, value]) => `pm.collectionVariables.set(${text(variable)}, ${value})`,
    ),
    ...(step.after ?? []),
  ]
}

function problemTest(code: NonNullable<Step['problem']>): readonly string[] {
  const { status } = PROBLEMS[code]
  return [
    test(
      `answers ${status} ${code}`,
      `pm.expect([pm.response.code, json.code]).to.eql([${status}, ${text(code)}])`,
    ),
  ]
}

function successTests({ route }: Step): readonly string[] {
  const [[status = '200', schema] = []] = Object.entries(route.responses)
  return [
    test(`answers ${status}`, `pm.response.to.have.status(${status})`),
    test(
      'keeps the shape of the contract',
      `pm.response.to.have.jsonSchema(${JSON.stringify(schema, withoutWords)})`,
    ),
  ]
}

/** Leaves out what a schema says to people: there its fields are texts, a property is an object. */
const withoutWords = (name: string, value: unknown): unknown =>
  (name === 'title' || name === 'description') && typeof value === 'string' ? undefined : value

const test = (name: string, statement: string): string =>
  `pm.test(${text(name)}, () => { ${statement} })`

/** A string of JavaScript. */
const text = (value: string): string => `'${value.replace(/[\\']/g, '\\$&')}'`
