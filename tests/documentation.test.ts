import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ROUTES, type Route } from '@questline/contracts'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { Ajv } from 'ajv'
import { beforeAll, describe, expect, test } from 'vitest'
import { GENERATED } from '../packages/server/src/cli/openapi.ts'
import { runNode } from './run-node.ts'

type Operation = {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly description: string
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters: readonly Readonly<Record<string, unknown>>[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { example: unknown }>> }
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly headers: object; content: object }>
  >
}
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly tags: readonly { readonly name: string; readonly description: string }[]
}

const REPOSITORY = resolve(import.meta.dirname, '..')
const committed = (name: string) => readFileSync(join(REPOSITORY, name), 'utf8')

/** The first lines that differ; the whole of both would bury them. */
function differences(before: string, after: string): readonly string[] {
  const [old, now] = [before.split('\n'), after.split('\n')]
  const lines = Array.from({ length: Math.max(old.length, now.length) }, (_, line) => line)
  return lines
    .filter((line) => old[line] !== now[line])
    .slice(0, 3)
    .map((line) => `${line + 1}: ${old[line]} → ${now[line]}`.slice(0, 1_000))
}

let text = ''
let document: Document
beforeAll(async () => {
  text = await GENERATED['openapi.json']()
  document = JSON.parse(text)
})

const operationOf = (route: Route): Operation => {
  const path = route.path.replace(/:(\w+)/g, '{$1}')
  const found = document.paths[path]?.[route.method.toLowerCase()]
  if (!found) throw new Error(`${route.method} ${path} is not documented`)
  return found
}
const routeOf = (id: string): Route => {
  const found = ROUTES.find((route) => route.id === id)
  if (!found) throw new Error(`there is no route ${id}`)
  return found
}

describe('the committed files', () => {
  test.each(['openapi.json', 'postman_collection.json'] as const)(
    '%s is what the contracts generate: npm run generate',
    async (name) => {
      expect(differences(committed(name), await GENERATED[name]())).toEqual([])
    },
  )

  test('questline openapi --write makes both, and needs nothing else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'questline-openapi-'))
    try {
      const command = [resolve(REPOSITORY, 'packages/server/src/cli.ts'), 'openapi']
      const written = await runNode([...command, '--write'], folder)
      expect(written.output).toBe('openapi.json\npostman_collection.json\n')
      expect((await readdir(folder)).sort()).toEqual(['openapi.json', 'postman_collection.json'])
      expect(await readFile(join(folder, 'openapi.json'), 'utf8')).toBe(text)

      const printed = await runNode(command, folder)
      expect(printed.output).toBe(text)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('openapi.json', () => {
  const lint = async (source: string) => {
    // Probes are answered whatever comes, so they have no 4xx; the rest of the rules hold.
    const rules = { 'operation-4xx-response': 'off' } as const
    const config = await createConfig({ extends: ['recommended'], rules })
    const problems = await lintFromString({ source, config })
    return problems.map(({ ruleId, message, location }) => {
      return `${ruleId} ${location[0]?.pointer}: ${message}`
    })
  }

  test('is valid OpenAPI 3.1', async () => {
    expect(await lint(text)).toEqual([])
    expect(text).toMatch(/^{\n {2}"openapi": "3\.1\.\d"/)
  })

  test('would not be valid with a word that OpenAPI does not know, or a lost reference', async () => {
    expect(await lint(text.replace('"operationId": "earn"', '"operationID": "earn"'))).not.toEqual(
      [],
    )
    expect(await lint(text.replace('schemas/Moved"', 'schemas/Gone"'))).not.toEqual([])
  })

  test('has each route of the contract, and no other', () => {
    const documented = Object.values(document.paths).flatMap((item) =>
      Object.values(item).map(({ operationId }) => operationId),
    )
    expect(documented.sort()).toEqual(ROUTES.map(({ id }) => id).sort())
    for (const route of ROUTES) expect(operationOf(route).operationId).toBe(route.id)
  })

  test('names each alias with its route', () => {
    for (const route of ROUTES) {
      for (const alias of route.aliases) expect(operationOf(route).description).toContain(alias)
    }
  })

  test('explains each tag', () => {
    expect(document.tags.map(({ name }) => name)).toEqual([
      ...new Set(ROUTES.map(({ tag }) => tag)),
    ])
    for (const { name, description } of document.tags) expect(description).not.toBe(name)
  })

  test('shows a body for each route that takes one, which its schema accepts', () => {
    const ajv = new Ajv({ formats: { text: true, 'client-time': true }, strict: false })
    for (const route of ROUTES) {
      const { requestBody } = operationOf(route)
      expect(requestBody !== undefined, route.id).toBe(route.body !== undefined)
      if (!route.body) continue
      const example = requestBody?.content['application/json']?.example
      expect(example, route.id).toBeTypeOf('object')
      ajv.validate(route.body, example)
      expect(ajv.errorsText(), route.id).toBe('No errors')
    }
  })

  test('uses no format of our own', () => {
    const formats = [...text.matchAll(/"format": "([^"]+)"/g)].map(([, format]) => format)
    expect([...new Set(formats)]).toEqual(['date-time'])
  })

  test('says who may call', () => {
    const waysOf = (id: string) =>
      operationOf(routeOf(id)).security.map((way) => Object.keys(way).join() || 'nothing')
    expect(waysOf('login')).toEqual([])
    expect(waysOf('balance')).toEqual(['playerToken'])
    expect(waysOf('earn')).toEqual(['playerToken', 'serverKey'])
    expect(waysOf('user')).toEqual(['playerToken', 'operatorKey'])
    expect(waysOf('userUpdate')).toEqual(['operatorKey'])
    expect(waysOf('stats')).toEqual(['nothing', 'playerToken', 'operatorKey'])
    expect(waysOf('postback')).toEqual(['postbackSignature', 'nothing'])
  })

  test('takes an Idempotency-Key exactly where the contract does', () => {
    const reference = { $ref: '#/components/parameters/Idempotency-Key' }
    for (const route of ROUTES) {
      const { parameters, responses } = operationOf(route)
      const known = parameters.some(({ $ref }) => $ref === reference.$ref)
      expect(known, route.id).toBe(route.idempotent)
      const replayed = 'Idempotency-Replayed' in (responses['200']?.headers ?? {})
      expect(replayed, route.id).toBe(route.idempotent)
    }
  })

  test('lists the problems of the contract and those that follow from it', () => {
    const codesOf = (id: string, status: number) => {
      const response = operationOf(routeOf(id)).responses[String(status)]
      if (!response) return []
      expect(Object.keys(response.content)).toEqual(['application/problem+json'])
      return [...response.description.matchAll(/^- `([a-z-]+)`/gm)].map(([, code]) => code)
    }
    expect(codesOf('spend', 400)).toEqual(['malformed-body', 'idempotency-key-invalid'])
    expect(codesOf('spend', 401)).toEqual(['unauthenticated', 'invalid-token'])
    expect(codesOf('spend', 403)).toEqual(['forbidden', 'not-your-account', 'door-closed'])
    expect(codesOf('spend', 404)).toEqual(['unknown-player'])
    expect(codesOf('spend', 406)).toEqual(['not-acceptable'])
    expect(codesOf('spend', 409)).toEqual(['insufficient-funds', 'idempotency-key-in-use'])
    expect(codesOf('spend', 413)).toEqual(['body-too-large'])
    expect(codesOf('spend', 415)).toEqual(['unsupported-media-type'])
    expect(codesOf('spend', 422)).toEqual(['invalid-request', 'idempotency-key-reused'])
    expect(codesOf('spend', 429)).toEqual(['too-many-requests'])
    expect(codesOf('spend', 503)).toEqual(['overloaded', 'store-unavailable', 'shutting-down'])
    expect(codesOf('balance', 413)).toEqual([])
    expect(codesOf('live', 429)).toEqual([])
    expect(codesOf('postback', 406)).toEqual([])
  })

  test('tells of Retry-After wherever a retry can help', () => {
    const headers = (id: string, status: number) =>
      Object.keys(operationOf(routeOf(id)).responses[String(status)]?.headers ?? {})
    expect(headers('spend', 429)).toContain('Retry-After')
    expect(headers('spend', 503)).toContain('Retry-After')
    expect(headers('spend', 409)).toEqual(['X-Request-ID', 'Retry-After', 'Idempotency-Replayed'])
    expect(headers('spend', 422)).not.toContain('Retry-After')
    expect(headers('spend', 401)).toContain('WWW-Authenticate')
  })
})
