// As much of a browser as the two SDKs for browsers ask for, so that they have the storage that they
// keep events in. What is written lands in a file at the end of the turn: a browser too keeps it in
// another process, where a killed page cannot take it along.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Of a browser: characters of names and values. */
const QUOTA_CHARS = 5 * 1_024 * 1_024

const FILE = 'local-storage.json'

/** Sets `window`, `navigator`, `localStorage` and `XMLHttpRequest` of this process. */
export function becomeBrowser(folder: string | undefined): void {
  const localStorage = createStorage(folder)
  const navigator = {
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36',
    appVersion: '5.0 (X11)',
    platform: 'Linux x86_64',
    vendor: 'Google Inc.',
    appName: 'Netscape',
    onLine: true,
  }
  const window = {
    localStorage,
    sessionStorage: createStorage(undefined),
    navigator,
    addEventListener: () => undefined,
    location: { href: 'http://game.test/', host: 'game.test', pathname: '/', search: '' },
    document: { referrer: '', visibilityState: 'visible', addEventListener: () => undefined },
    screen: { height: 1_080, width: 1_920 },
    devicePixelRatio: 1,
  }
  const globals = { window, document: window.document, navigator, localStorage, XMLHttpRequest }
  for (const [name, value] of Object.entries(globals))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
}

/** What a process with this folder has kept, by name; empty if it kept nothing. */
export function readStorage(folder: string): Readonly<Record<string, string>> {
  const file = join(folder, FILE)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
}

function createStorage(folder: string | undefined) {
  const items = new Map(Object.entries(folder === undefined ? {} : readStorage(folder)))
  let chars = 0
  let isDirty = false
  const save = (): void => {
    if (folder === undefined || isDirty) return
    isDirty = true
    setImmediate(() => {
      isDirty = false
      writeFileSync(join(folder, FILE), JSON.stringify(Object.fromEntries(items)))
    })
  }
  const sizeOf = (name: string): number => {
    const value = items.get(name)
    return value === undefined ? 0 : name.length + value.length
  }
  return {
    getItem: (name: string) => items.get(name) ?? null,
    setItem(name: string, value: string): void {
      const grown = chars - sizeOf(name) + name.length + value.length
      if (grown > QUOTA_CHARS) throw new DOMException('full', 'QuotaExceededError')
      chars = grown
      items.set(name, value)
      save()
    },
    removeItem(name: string): void {
      chars -= sizeOf(name)
      items.delete(name)
      save()
    },
  }
}

/** As a browser's: no time limit unless one is set, and status 0 with an empty text when it fails. */
class XMLHttpRequest {
  readyState = 0
  status = 0
  statusText = ''
  responseText = ''
  onreadystatechange: (() => void) | undefined
  #method = 'GET'
  #url = ''
  readonly #headers: Record<string, string> = {}

  open(method: string, url: string): void {
    this.#method = method
    this.#url = url
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers[name] = value
  }

  send(body: string): void {
    void this.#send(body).then(() => {
      this.readyState = 4
      this.onreadystatechange?.()
    })
  }

  async #send(body: string): Promise<void> {
    try {
      const answer = await fetch(this.#url, { method: this.#method, headers: this.#headers, body })
      this.responseText = await answer.text()
      this.status = answer.status
      this.statusText = answer.statusText
    } catch {
      // The status stays 0.
    }
  }
}
