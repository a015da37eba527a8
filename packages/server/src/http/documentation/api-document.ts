import swagger from '@fastify/swagger'
import { PROBLEMS, ROUTES, type Route } from '@questline/contracts'
import { type FastifyInstance, fastify } from 'fastify'
import { components, plainSchema } from './components.ts'
import { isJson, type Json } from './json.ts'
import { operation, type RequestPart } from './operation.ts'

const ABOUT_TAGS: Readonly<Record<string, string>> = {
  Accounts: 'Guests and registered players, their sessions.',
  Currency: 'A player earns, spends and reads its balance.',
  Players: 'One player, for itself or for operators.',
  Events: 'What players did: log it, list it, count it.',
  Ingest: 'What games send: batches of events, or one at a time.',
  'Live numbers': 'What happens in the games now, and what was lost on the way.',
  Attribution: 'Deeplinks and postbacks: where players come from.',
  Reports: 'Purchases, reconciliation, ROAS, anomalies, ARPDAU: make them and read them.',
  Operations: 'Whether the server runs and can take writes.',
}

const INTRODUCTION = [
  'The backend of a mobile game: players log in, earn, spend and send events; nothing is counted twice, lost, or given to the wrong player.',
  "**Who calls.** `Authorization: Bearer …` with a player's token from `POST /login` or `POST /auth/login`, or with an API key made by `questline keys create`.",
  '**Once and only once.** Routes that take an `Idempotency-Key` carry out a retry with the same key and the same bytes once, and answer it as the first time, with `Idempotency-Replayed: true`. A 2xx to a write means that it is on disk.',
  '**What fails** is answered with an RFC 9457 problem document. Switch on its `code`; `type` opens the explanation. Besides the problems listed with each operation every request may meet ' +
    anywhere(['request-timeout', 'uri-too-long', 'headers-too-large', 'internal-error']) +
    '; a path with other methods answers `method-not-allowed` (405) and names them in `Allow`.',
  '**Outside of this document**: `GET /metrics` (Prometheus), `/docs` and `/redoc` (these pages).',
].join('\n\n')

function anywhere(codes: readonly (keyof typeof PROBLEMS)[]): string {
  return codes.map((code) => `\`${code}\` (${PROBLEMS[code].status})`).join(', ')
}

/** The OpenAPI 3.1 document of every route of the contract. Opens nothing and asks no clock. */
export async function buildApiDocument(version: string): Promise<Json> {
  const requests = await requestParts(ROUTES)
  const paths = new Map<string, Json>()
  for (const route of ROUTES) {
    const path = documentPath(route.path)
    const method = route.method.toLowerCase()
    const described = operation(route, requests.get(route) ?? {})
    paths.set(path, { ...paths.get(path), [method]: described })
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Questline',
      version,
      description: INTRODUCTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The server that shows this document.' }],
    tags: tagsOf(ROUTES),
    paths: Object.fromEntries(paths),
    components: components(ROUTES),
  }
}

/** `/user/:userId` is `/user/{userId}` here. */
const documentPath = (path: string): string => path.replace(/:([A-Za-z_]\w*)/g, '{$1}')

const tagsOf = (routes: readonly Route[]): readonly Json[] =>
  [...new Set(routes.map(({ tag }) => tag))].map((name) => ({
    name,
    description: ABOUT_TAGS[name] ?? name,
  }))

/** Parameters and bodies, derived by the plugin from the schemas that validate. */
async function requestParts(routes: readonly Route[]): Promise<ReadonlyMap<Route, RequestPart>> {
  const app: FastifyInstance = fastify({ exposeHeadRoutes: false })
  // Nothing is ever sent to this instance, so nothing needs compiling.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => String)
  await app.register(swagger, { openapi: { openapi: '3.1.0' }, convertConstToEnum: false })
  for (const route of routes) {
    const schema = requestSchema(route)
    app.route({ method: route.method, url: route.path, schema, handler: () => undefined })
  }
  await app.ready()
  const { paths = {} }: { readonly paths?: object } = app.swagger()
  await app.close()
  return new Map(routes.map((route) => [route, requestPart(paths, route)]))
}

function requestSchema({ body, query, params }: Route) {
  return {
    ...(body ? { body: plainSchema(body) } : {}),
    ...(query ? { querystring: plainSchema(query) } : {}),
    ...(params ? { params: plainSchema(params) } : {}),
  }
}

function requestPart(paths: object, { path, method }: Route): RequestPart {
  const item: unknown = new Map(Object.entries(paths)).get(documentPath(path))
  const derived = isJson(item) ? item[method.toLowerCase()] : undefined
  if (!isJson(derived)) throw new Error(`the plugin left out ${method} ${path}`)
  const { parameters, requestBody } = derived
  return {
    ...(Array.isArray(parameters) ? { parameters } : {}),
    ...(requestBody === undefined ? {} : { requestBody }),
  }
}
