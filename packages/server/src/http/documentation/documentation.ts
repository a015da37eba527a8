// The API explains itself: /openapi.json, Swagger UI at /docs, ReDoc at /redoc, a Postman collection.
// All of it is made from the contracts; a page loads nothing from another host. Whatever is heavy is
// imported and read at the first request for it, so that a server starts and a command runs without.
import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import { admitOperators } from '../admission.ts'
import type { Deadlines } from '../deadlines.ts'
import type { Limits } from '../limits.ts'
import type { EndpointParts } from '../parts.ts'
import { refuseOtherMethods } from '../serve.ts'
import { DOCUMENTATION_FILES } from './files.ts'
import { jsonText } from './json.ts'

/** The text of `openapi.json`: the OpenAPI 3.1 document of this `version`. Opens no database and no port. */
export async function apiDocument(version: string): Promise<string> {
  const { buildApiDocument } = await import('./api-document.ts')
  return jsonText(await buildApiDocument(version))
}

/** The text of `postman_collection.json`, in the format v2.1. */
export async function postmanCollection(): Promise<string> {
  const { buildPostmanCollection } = await import('./postman-collection.ts')
  return jsonText(buildPostmanCollection())
}

type Guards = { readonly limits: Limits; readonly deadlines: Deadlines }

export function serveDocumentation(
  app: FastifyInstance,
  parts: EndpointParts,
  guards: Guards,
): void {
  const served = [
    {
      url: '/openapi.json',
      type: 'application/json',
      read: () => apiDocument(parts.settings.version),
    },
    ...DOCUMENTATION_FILES,
  ]
  const onRequest = admitReaders(parts, guards)
  for (const file of served) {
    const read = once(file.read)
    app.get(file.url, { schema: { hide: true }, onRequest }, async (_request, reply) => {
      if ('policy' in file) reply.header('content-security-policy', file.policy)
      return reply.type(`${file.type}; charset=utf-8`).send(await read())
    })
    refuseOtherMethods(app, file.url, ['GET'])
  }
}

/** Reads at the first call and keeps what came; a failure is not kept. */
function once<T>(read: () => T | Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined
  return () => {
    reading ??= Promise.resolve(read()).catch((error: unknown) => {
      reading = undefined
      throw error
    })
    return reading
  }
}

/** A map of the whole API helps those who attack it, so production shows it to operators only. */
function admitReaders(
  { accounts, settings }: EndpointParts,
  { limits, deadlines }: Guards,
): onRequestHookHandler[] {
  const limited: onRequestHookHandler = (request, _reply, done) => {
    limits.beforePage(request.ip)
    done()
  }
  return settings.doors.docsPublic ? [limited] : [limited, admitOperators({ accounts, deadlines })]
}
