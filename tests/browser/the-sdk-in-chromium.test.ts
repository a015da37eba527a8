// What only a browser can show: its own locks, storages, and requests that outlive their page.
import { rmSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Browser, findChromium, newProfile, startBrowser, type Tab } from './chromium.ts'
import { type GamePages, openGamePages } from './game-pages.ts'

const program = findChromium()
const title =
  program === undefined
    ? 'skipped: no Chromium on this machine (CHROMIUM names one)'
    : 'the SDK in Chromium'
/** Nothing is sent unless a test says so, and what dead tabs left is looked for soon. */
const QUIET = {
  flushIntervalMs: 600_000,
  backoffMinMs: 50,
  backoffMaxMs: 200,
  adoptIntervalMs: 300,
}
const track = (count: number): string =>
  `for (let n = 0; n < ${count}; n += 1) client.track('custom', { name: 'a' })`

describe.skipIf(program === undefined)(title, { timeout: 60_000 }, () => {
  let pages: GamePages
  let browser: Browser
  let profile: string
  let tabs: Tab[]
  beforeAll(async () => {
    pages = await openGamePages()
  })
  afterAll(() => pages?.stop())
  beforeEach(async () => {
    profile = newProfile()
    tabs = []
    browser = await startBrowser(program ?? '', profile)
  })
  afterEach(async () => {
    pages.delay(0)
    await browser?.kill()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    expect(tabs.flatMap((tab) => tab.faults())).toEqual([])
  })

  const open = async (path: string): Promise<Tab> => {
    const tab = await browser.open(`${pages.origin}/${path}`)
    tabs.push(tab)
    return tab
  }
  const openBare = async (storage: string, settings: object = QUIET): Promise<Tab> => {
    const tab = await open('bare')
    await tab.until('globalThis.isLoaded')
    await tab.evaluate(`start('${storage}', ${JSON.stringify(settings)})`)
    return tab
  }
  /** Until so many more events were accepted than before, and then no more. */
  const expectMore = async (before: number, more: number): Promise<void> => {
    await expect.poll(pages.accepted, { timeout: 10_000 }).toBe(before + more)
    expect(await pages.refused()).toBe(0)
  }

  it('plays the game of examples/web-game: a guest, a purchase, coins and a hat', async () => {
    const before = await pages.accepted()
    const tab = await open('')
    const text = (id: string) => `document.getElementById('${id}').textContent`
    await tab.until(`${text('coins')} === '0'`)
    await tab.evaluate(`document.getElementById('start').click()`)
    await tab.until(`document.querySelector('.gem')`)
    await tab.evaluate(`document.querySelector('.gem').click()`)
    await tab.until(`${text('gems')} === '1 / 8'`)
    await tab.evaluate(`document.getElementById('pack').click()`)
    await tab.until(`${text('coins')} === '100'`)
    await tab.until(`${text('log')}.includes('purchase: accepted')`)
    await tab.evaluate(`document.getElementById('hat').click()`)
    await tab.until(`${text('coins')} === '80'`)
    // The session, the round, the purchase and both movements; what is not due yet goes with the page.
    await tab.leave('about:blank')
    await expectMore(before, 5)
  })

  describe.each(['localStorage', 'IndexedDB'])('with %s', (storage) => {
    it('sends what waits when its tab is closed, in a request that outlives it', async () => {
      const before = await pages.accepted()
      const tab = await openBare(storage)
      await tab.evaluate(track(3))
      await tab.evaluate('new Promise((resolve) => setTimeout(resolve, 300))')
      expect(await pages.accepted()).toBe(before)
      // The tab is long gone when the server first hears of it.
      pages.delay(700)
      await tab.close()
      await expectMore(before, 3)
    })

    it('keeps what a browser that died had not sent, and sends it once', async () => {
      const before = await pages.accepted()
      const tab = await openBare(storage)
      await tab.setOffline(true)
      expect(await tab.evaluate('buy().then(({ stored }) => stored)')).toBe(true)
      await tab.evaluate(track(2))
      // localStorage is on the disk only seconds later, which its page says; IndexedDB holds purchases at once.
      const wait = storage === 'localStorage' ? 8_000 : 300
      await tab.evaluate(`new Promise((resolve) => setTimeout(resolve, ${wait}))`)
      await browser.kill()
      expect(await pages.accepted()).toBe(before)
      browser = await startBrowser(program ?? '', profile)
      const next = await openBare(storage, { ...QUIET, flushIntervalMs: 100 })
      await next.until('told.length >= 3')
      await expectMore(before, 3)
      const told = await next.evaluate<{ name: string; status: string }[]>('told')
      expect(told.map(({ name, status }) => `${name} ${status}`)).toEqual(
        told.map(() => 'sent accepted'),
      )
    })

    it('leaves the queue of a tab that lives to it, and takes it over when it is closed', async () => {
      const before = await pages.accepted()
      const first = await openBare(storage)
      await first.setOffline(true)
      await first.evaluate('buy()')
      const second = await openBare(storage, { ...QUIET, flushIntervalMs: 100 })
      await second.evaluate('buy()')
      // Long enough to look for queues of others three times.
      await second.evaluate('new Promise((resolve) => setTimeout(resolve, 1_000))')
      await expectMore(before, 1)
      const held = `navigator.locks.query().then(({ held }) => held.map(({ name }) => name))`
      const names = await second.evaluate<string[]>(held)
      expect(new Set(names).size).toBe(2)
      await first.close()
      await second.evaluate(`${track(1)}; client.flush()`)
      await second.until(`client.flush().then(() => told.length >= 3)`)
      await expectMore(before, 3)
    })
  })
})
