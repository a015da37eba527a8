// What the SDK asks of the machine it runs on: two clocks, chance, timers, the network and the life of
// the page. Everything else is computed, so a test or a simulated game replaces these and nothing more.

/** The runtime's own AbortSignal where it has one: the package asks for no types of a platform. */
type Signal = typeof globalThis extends { AbortSignal: { prototype: infer S } } ? S : never

export type HttpRequest = {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body?: string | ArrayBuffer
  readonly keepalive?: boolean
  readonly redirect?: 'error'
  readonly signal?: Signal
}

export type HttpResponse = {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  json(): Promise<unknown>
}

/** `background`: the player looks elsewhere and the page or app may end without another word. */
export type Attention = 'active' | 'background'

/** Time, chance and the network: what anything needs that sends requests. */
export interface Machine {
  /** Wall clock, milliseconds since 1970. May be wrong and may jump. */
  now(): number
  /** A clock that nobody can set, in milliseconds from any start. */
  monotonic(): number
  /** From 0 up to but not including 1, as `Math.random`. */
  random(): number
  fetch(url: string, request: HttpRequest): Promise<HttpResponse>
  /** Calls once after `ms` milliseconds; what it returns goes to `clearTimer`. */
  setTimer(call: () => void, ms: number): unknown
  clearTimer(timer: unknown): void
  /** How a request that takes too long is ended; undefined where the machine cannot. */
  readonly abortController?: (() => { readonly signal: Signal; abort(): void }) | undefined
}

export interface Host extends Machine {
  /** The `platform` of events unless the game says another. */
  readonly platform: string
  /** Tells when the player leaves and comes back; returns how to stop telling. */
  watch(tell: (attention: Attention) => void): () => void
  /** gzip; undefined where the machine cannot. */
  readonly compress?: ((text: string) => Promise<ArrayBuffer>) | undefined
}

type Page = {
  readonly visibilityState: string
  addEventListener(type: string, listener: () => void): void
  removeEventListener(type: string, listener: () => void): void
}

type Globals = {
  readonly performance?: { now(): number }
  readonly crypto?: { getRandomValues(numbers: Uint32Array): unknown }
  readonly document?: Page
  readonly fetch: Host['fetch']
  readonly setTimeout: (call: () => void, ms: number) => { unref?(): void }
  readonly clearTimeout: (timer: unknown) => void
  readonly Blob: new (
    parts: readonly string[],
  ) => { stream(): { pipeThrough(through: unknown): unknown } }
  readonly Response: new (body: unknown) => { arrayBuffer(): Promise<ArrayBuffer> }
  readonly AbortController?: new () => { readonly signal: Signal; abort(): void }
  readonly CompressionStream?: new (format: string) => unknown
}

// The one place that looks at globals. None of them has to exist until it is used.
const globalsOf = (): Globals => Object(globalThis)

/** Where this runs, with any part replaced. */
export function machineOf(parts: Partial<Machine> = {}): Machine {
  const globals = globalsOf()
  const { performance, crypto, AbortController } = globals
  const drawn = new Uint32Array(256)
  let at = 0
  return {
    now: () => Date.now(),
    monotonic: () => (performance ?? Date).now(),
    random() {
      // React Native has none by itself; ids then are as unique as Math.random makes them.
      if (!crypto) return Math.random()
      // A call of the generator costs more than all else of an event, so it fills many at once.
      if (at === 0) crypto.getRandomValues(drawn)
      const [high = 0, low = 0] = drawn.subarray(at, at + 2)
      at = (at + 2) % drawn.length
      return (high * 2 ** 20 + (low >>> 12)) / 2 ** 52
    },
    fetch: (url, request) => globals.fetch(url, request),
    setTimer(call, ms) {
      const timer = globals.setTimeout(call, ms)
      // Telemetry never keeps a process alive; `shutdown` sends what is left.
      timer.unref?.()
      return timer
    },
    clearTimer: (timer) => globals.clearTimeout(timer),
    abortController: AbortController && (() => new AbortController()),
    ...parts,
  }
}

/** The browser, Node, React Native or whatever else this runs in, with any part replaced. */
export function hostOf(parts: Partial<Host> = {}): Host {
  const { document, Blob, Response, CompressionStream } = globalsOf()
  return {
    ...machineOf(parts),
    platform: document ? 'web' : 'other',
    watch: (tell) => (document ? watchPage(document, tell) : () => undefined),
    compress:
      CompressionStream &&
      ((text) =>
        new Response(
          new Blob([text]).stream().pipeThrough(new CompressionStream('gzip')),
        ).arrayBuffer()),
    ...parts,
  }
}

function watchPage(page: Page, tell: (attention: Attention) => void): () => void {
  // `visibilitychange` is the last event that phones deliver reliably; pagehide and unload are not.
  const look = (): void => tell(page.visibilityState === 'hidden' ? 'background' : 'active')
  page.addEventListener('visibilitychange', look)
  return () => page.removeEventListener('visibilitychange', look)
}
