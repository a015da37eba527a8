// The Fastify shell: who calls, how often, with what; one problem table for all that fails.
// It turns requests into calls of the stages and their results into answers, and decides nothing else.
export { createHttp } from './create-http.ts'
export { apiDocument, postmanCollection } from './documentation/documentation.ts'
export type { Doors, HttpParts, HttpSettings, LiveNumbers } from './parts.ts'
