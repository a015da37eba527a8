import type { HttpRequest, Machine } from './host.ts'

/** What `call` resolves with; undefined when it fails or takes longer, and then it is ended. */
export function timed<T>(
  host: Machine,
  ms: number,
  call: (signal: Pick<HttpRequest, 'signal'>) => Promise<T>,
): Promise<T | undefined> {
  const controller = host.abortController?.()
  return new Promise((resolve) => {
    const end = (answer: T | undefined): void => {
      host.clearTimer(timer)
      resolve(answer)
    }
    const timer = host.setTimer(() => {
      end(undefined)
      controller?.abort()
    }, ms)
    call(controller ? { signal: controller.signal } : {}).then(end, () => end(undefined))
  })
}
