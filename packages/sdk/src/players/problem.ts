/**
 * A request that failed. Switch on `code`, which is the server's own (`insufficient-funds`,
 * `door-closed`, …); `unreachable` when there was no answer: it may have been done, or not.
 */
export class ProblemError extends Error {
  readonly code: string
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number
  /** Names the line in the server's log. */
  readonly requestId: string | undefined

  /** `document` is the problem document that came. */
  constructor(
    code: string,
    status: number,
    document: { readonly title?: string; detail?: string; request_id?: string } = {},
  ) {
    super(document.detail ?? document.title ?? code)
    this.code = code
    this.status = status
    this.requestId = document.request_id
  }
}
