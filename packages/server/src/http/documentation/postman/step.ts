import type { ProblemCode, Route } from '@questline/contracts'

/**
 * One request of the collection and what it must be answered with. `{{name}}` in any text is a
 * variable of the collection; scripts are JavaScript of Postman's sandbox.
 */
export type Step = {
  readonly name: string
  /** What there is to learn from it; the route's own description follows. */
  readonly about?: string
  readonly route: Route
  /** Another path than the route's own: an alias, or one that does not exist. */
  readonly path?: string
  /** Another method than the route's own. */
  readonly method?: string
  readonly params?: Readonly<Record<string, string>>
  readonly query?: readonly (readonly [name: string, value: string])[]
  /** The bearer secret; null for none. Without it the kept `token`, where the route looks at one. */
  readonly bearer?: string | null
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Over the route's example; a field that is undefined is left out. */
  readonly body?: object
  /** The body as it is, instead of JSON from `body`. */
  readonly rawBody?: string
  /** Lines that run before the request. */
  readonly before?: readonly string[]
  /** The problem that the answer must be. Without it the answer is the route's success. */
  readonly problem?: ProblemCode
  /** What must hold besides, by name: statements over `json`, the parsed body. */
  readonly checks?: Readonly<Record<string, string>>
  /** Lines that run after the checks. */
  readonly after?: readonly string[]
  /** Variables that are kept for later requests, as expressions over `json`. */
  readonly keep?: Readonly<Record<string, string>>
}

export type Folder = {
  readonly name: string
  readonly about: string
  readonly steps: readonly Step[]
}
