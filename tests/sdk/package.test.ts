// The package as a stranger gets it: built, packed, installed into a plain project outside of this
// repository, and used from JavaScript and TypeScript.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildPackage, ENTRIES } from '../../packages/sdk/scripts/build.ts'
import { runNode } from '../run-node.ts'

const ROOT = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'questline-package-'))
const project = join(folder, 'game')
const npm = (words: readonly string[], cwd: string): string =>
  execFileSync('npm', [...words], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

beforeAll(async () => {
  const built = join(folder, 'dist')
  await buildPackage(built)
  const [packed] = JSON.parse(npm(['pack', '--json', built], folder))
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }')
  const words = ['install', '--offline', '--no-audit', '--no-fund', join('..', packed.filename)]
  npm(words, project)
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('has no dependency, no source, and says what it is', () => {
  const path = join(project, 'node_modules/@questline/sdk/package.json')
  const manifest = JSON.parse(readFileSync(path, 'utf8'))
  expect(manifest).not.toHaveProperty('dependencies')
  expect(manifest).not.toHaveProperty('private')
  expect(manifest).toMatchObject({ name: '@questline/sdk', license: 'MIT', sideEffects: false })
  const files = npm(['pack', '--dry-run', '--json'], join(project, 'node_modules/@questline/sdk'))
  const names: string[] = JSON.parse(files)[0].files.map((file: { path: string }) => file.path)
  expect(names).toContain('README.md')
  expect(names).toContain('LICENSE')
  expect(names.filter((name) => !/\.(?:js|d\.ts|json|md)$|^LICENSE$/.test(name))).toEqual([])
})

it('sends events from JavaScript, through each entry point', async () => {
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    bodies.push(await text(request))
    const { events } = JSON.parse(bodies.at(-1) ?? '')
    const results = events.map((event: { event_id: string }) => ({
      event_id: event.event_id,
      status: 'accepted',
    }))
    response.end(JSON.stringify({ results }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  writeFileSync(
    join(project, 'game.js'),
    `${ENTRIES.map(({ name }, at) => `import * as e${at} from '@questline/sdk${name.slice(1)}'`).join('\n')}
    import { createClient } from '@questline/sdk'
    import { fileStorage } from '@questline/sdk/storage/file'
    const storage = fileStorage('./queue')
    const client = createClient({ url: 'http://127.0.0.1:${port}', apiKey: 'k', appId: 'a', storage })
    client.on('sent', ({ status }) => console.log(status))
    await client.purchase({ product_id: 'p', quantity: 1, amount_micros: 1, currency: 'EUR' })
    await client.shutdown()`,
  )
  try {
    const run = await runNode(['game.js'], project)
    expect(run.errors).toBe('')
    expect(run.output).toBe('accepted\n')
    expect(bodies).toHaveLength(1)
  } finally {
    server.close()
  }
})

it('refuses imports of its insides', () => {
  writeFileSync(join(project, 'deep.js'), "import '@questline/sdk/queue.js'")
  const run = spawnSync(process.execPath, ['deep.js'], { cwd: project, encoding: 'utf8' })
  expect(run.stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED')
})

it.each([
  ['a browser game', { moduleResolution: 'bundler', module: 'esnext', lib: ['es2022', 'dom'] }],
  ['a game without any platform types', { moduleResolution: 'bundler', module: 'esnext' }],
  ['a Node project', { module: 'nodenext' }],
])('has types for %s, and they find mistakes', (_, options) => {
  const dom = 'lib' in options
  writeFileSync(
    join(project, 'game.ts'),
    `import { createClient, memoryStorage, type Notices } from '@questline/sdk'
    import { asyncStorageQueue } from '@questline/sdk/storage/async'
    import { fileItems, fileStorage } from '@questline/sdk/storage/file'
    import { indexedDbQueue } from '@questline/sdk/storage/indexeddb'
    import { localStorageQueue } from '@questline/sdk/storage/local'
    import { createPlayers, ProblemError } from '@questline/sdk/players'
    const client = createClient({ url: 'u', apiKey: 'k', appId: 'a', storage: localStorageQueue() })
    client.track('progression', { status: 'complete', level: 3, properties: { hat: true } })
    client.on('dropped', (notice: Notices['dropped']) => notice.reason === 'expired')
    ${dom ? "createClient({ url: 'u', apiKey: 'k', appId: 'a', host: { fetch: (a, b) => fetch(a, b) } })" : ''}
    ${dom ? 'createPlayers({ url: "u", storage: localStorage }); localStorageQueue({ items: sessionStorage, locks: navigator.locks })' : ''}
    ${dom ? 'indexedDbQueue({ indexedDB })' : ''}
    export const uses = [memoryStorage(), fileStorage('x'), indexedDbQueue(), asyncStorageQueue]
    export const items = createPlayers({ url: 'u', storage: fileItems('x') })
    export const stored: Promise<boolean> = client
      .purchase({ product_id: 'p', quantity: 1, amount_micros: 1, currency: 'EUR' })
      .then((recorded) => recorded.stored)
    export const isPoor = (e: unknown) => e instanceof ProblemError && e.code === 'insufficient-funds'
    // @ts-expect-error: a purchase has a currency.
    client.purchase({ product_id: 'p', quantity: 1, amount_micros: 1 })
    // @ts-expect-error: there is no such event.
    client.track('purchas', {})
    // @ts-expect-error: there is no such status.
    client.track('progression', { status: 'won', level: 3 })`,
  )
  const compilerOptions = {
    ...{ target: 'es2022', lib: ['es2022'], types: [], strict: true, noEmit: true },
    ...options,
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  const run = spawnSync(tsc, ['-p', project], { encoding: 'utf8' })
  expect(run.stdout).toBe('')
})

it('compiles what its README shows', () => {
  const readme = readFileSync(join(project, 'node_modules/@questline/sdk/README.md'), 'utf8')
  const [browser = '', listeners = '', reactNative = '', accounts = ''] = [
    ...readme.matchAll(/```ts\n([\s\S]*?)```/g),
  ].map(([, code]) => code ?? '')
  const declared = `
    declare const receipt: { readonly id: string }
    declare function finishTransaction(of: typeof receipt): void
    declare function showShop(): void
    import { asyncStorageQueue } from '@questline/sdk/storage/async'`
  const modules = `
    declare module '@react-native-async-storage/async-storage' {
      const storage: import('@questline/sdk/storage/async').AsyncItems
      export default storage
    }
    declare module 'react-native-get-random-values'
    declare module 'react-native' {
      export const Platform: { readonly OS: string }
      export const AppState: {
        addEventListener(type: 'change', tell: (state: string) => void): { remove(): void }
      }
    }`
  writeFileSync(join(project, 'modules.d.ts'), modules)
  writeFileSync(join(project, 'game.ts'), `${declared}\n${browser}\n${listeners}\n${accounts}`)
  const names =
    "declare const url: string, apiKey: string, appId: string\nimport { createClient } from '@questline/sdk'"
  const storage = "import { asyncStorageQueue } from '@questline/sdk/storage/async'"
  writeFileSync(join(project, 'native.ts'), `${names}\n${storage}\n${reactNative}`)
  const compilerOptions = {
    ...{ target: 'es2022', lib: ['es2022', 'dom'], types: [], strict: true, noEmit: true },
    ...{ moduleResolution: 'bundler', module: 'esnext' },
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  const run = spawnSync(tsc, ['-p', project], { encoding: 'utf8' })
  expect(run.stdout).toBe('')
})

it('is not packed from its sources', () => {
  const run = spawnSync('npm', ['pack', '--dry-run'], {
    cwd: join(ROOT, 'packages/sdk'),
    encoding: 'utf8',
  })
  expect(run.status).not.toBe(0)
  expect(run.stderr).toContain('Build first')
})
