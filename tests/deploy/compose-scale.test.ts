import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DCLinter } from 'dclint'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { documentedSettings, ROOT, repositoryFile } from './repository.ts'

const TEXT = repositoryFile('compose.scale.yaml')
/** What `docker compose` takes from .env for other images than ours. */
const OTHERS_SETTINGS = new Set(['POSTGRES_PASSWORD', 'GRAFANA_PASSWORD'])
const folder = mkdtempSync(join(tmpdir(), 'questline-compose-'))
afterAll(() => rmSync(folder, { recursive: true }))

type Service = {
  readonly image?: string
  readonly build?: { readonly context: string; readonly dockerfile?: string }
  readonly environment?: Readonly<Record<string, string | null>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly command?: readonly string[]
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
}
// dclint's own declarations leave out file extensions, so that nothing of them resolves here.
type Linter = {
  lintFiles(
    paths: readonly string[],
    recursive: boolean,
  ): readonly {
    readonly messages: readonly { readonly rule: string; readonly message: string }[]
  }[]
}

function lint(text: string): readonly string[] {
  const path = join(folder, 'compose.yaml')
  writeFileSync(path, text)
  const linter: Linter = new DCLinter({
    // Keys that a service takes from an anchor come first, since they are the same for all.
    rules: { 'service-keys-order': 0, 'services-alphabetical-order': 0 },
    ...{ quiet: false, debug: false, exclude: [] },
  })
  return linter
    .lintFiles([path], false)
    .flatMap((file) => file.messages)
    .map(({ rule, message }) => `${rule}: ${message}`)
}

const services: Readonly<Record<string, Service>> = parse(TEXT, { merge: true }).services
const all = Object.entries(services)
const ours = all.filter(([, { build }]) => build?.context === '.' && build.dockerfile === undefined)

describe('compose.scale.yaml', () => {
  it('is what the schema of Compose and its linter want', () => {
    expect(lint(TEXT)).toEqual([])
  })

  it.each([
    ['a key that the schema does not know', 'restart: unless-stopped', 'restarts: unless-stopped'],
    ['broken YAML', 'services:', 'services: ['],
    ['two services of a name', '  lake:\n', '  quality:\n'],
  ])('would not pass with %s', (_, from, to) => {
    expect(TEXT).toContain(from)
    expect(lint(TEXT.replace(from, to))).not.toEqual([])
  })

  it('runs one role on each node of ours, with the start command that the image has', () => {
    const roles = ours.flatMap(([name, { environment }]) =>
      environment?.['ROLE'] === undefined ? [] : [[name, environment['ROLE']]],
    )
    expect(roles).toEqual(['api', 'relay', 'quality', 'lake', 'reports'].map((one) => [one, one]))
    for (const [name, { command, read_only, cap_drop }] of ours) {
      if (name !== 'setup') expect(command, name).toBeUndefined()
      expect({ read_only, cap_drop }, name).toEqual({ read_only: true, cap_drop: ['ALL'] })
    }
  })

  it('uses documented settings, and holds no secret', () => {
    const known = documentedSettings()
    const own = ours.flatMap(([, { environment = {} }]) => Object.keys(environment))
    const asked = [...TEXT.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name)
    const unknown = [...own, ...asked].filter(
      (name) => !known.has(name) && !OTHERS_SETTINGS.has(name),
    )
    expect([...new Set(unknown)]).toEqual([])
    for (const [name, { environment = {} }] of all) {
      for (const [setting, value] of Object.entries(environment)) {
        if (!/SECRET|PASSWORD/.test(setting)) continue
        expect(value, `${setting} of ${name}`).toMatch(/^\$\{\w+(:\?[^}]+)?\}$/)
      }
    }
  })

  it('publishes the balancer and the dashboard on loopback, and nothing else', () => {
    const published = all.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]))
    expect(published).toEqual([
      ['balancer', `127.0.0.1:\${PORT:-8000}:8000`],
      ['grafana', '127.0.0.1:3000:3000'],
    ])
  })

  it('names every image by a version, and mounts only what is there', () => {
    for (const [name, { image }] of all) {
      if (image !== undefined) expect(image, name).toMatch(/:\D*\d+[\w.-]*$/)
    }
    const mounts = all.flatMap(([, { volumes = [] }]) => volumes)
    const files = mounts.flatMap((mount) => (mount.startsWith('./') ? [mount.split(':')[0]] : []))
    expect(files.length).toBeGreaterThan(3)
    expect(files.filter((file = '') => !existsSync(join(ROOT, file)))).toEqual([])
  })
})
