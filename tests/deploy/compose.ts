// compose.yaml as data, and the list of what is wrong with it: the official schema and a linter's
// rules through dclint, then what this service promises.
import { isDeepStrictEqual } from 'node:util'
import { DCLinter } from 'dclint'
import { type Document, isNode, parseDocument } from 'yaml'
import type { Image } from './dockerfile.ts'

// dclint's own declarations leave out file extensions, so that nothing of them resolves here.
type Linter = {
  lintFiles(
    paths: readonly string[],
    recursive: boolean,
  ): readonly {
    readonly messages: readonly { readonly rule: string; readonly message: string }[]
  }[]
}

const SECRET = /SECRET|PASSWORD|TOKEN|KEY|DATABASE_URL/
const API = ['services', 'api']

/** The values of the service that stand in the file as they must, with the reason where it is not plain. */
const FIXED: Readonly<Record<string, unknown>> = {
  read_only: true,
  init: true,
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
  tmpfs: ['/tmp'],
  restart: 'unless-stopped',
  // Five seconds more than the server takes at most to stop.
  stop_grace_period: '30s',
  // The image decides on these: a second start command is one that no test runs.
  command: undefined,
  entrypoint: undefined,
  user: undefined,
  privileged: undefined,
}

/** Every rule that the compose file at `path` with this text breaks; empty when there is nothing to say. */
export function composeFaults(
  path: string,
  text: string,
  image: Image,
  settings: ReadonlySet<string>,
): readonly string[] {
  const compose = parseDocument(text)
  return [
    ...compose.errors.map((error) => error.message),
    ...lintFaults(path),
    ...serviceFaults(compose, image),
    ...networkFaults(compose, image),
    ...volumeFaults(compose, image),
    ...settingFaults(compose, text, image, settings),
  ]
}

function lintFaults(path: string): string[] {
  const linter: Linter = new DCLinter({ rules: {}, quiet: false, debug: false, exclude: [] })
  return linter
    .lintFiles([path], false)
    .flatMap((file) => file.messages)
    .map(({ rule, message }) => `${rule}: ${message}`)
}

function serviceFaults(compose: Document, image: Image): string[] {
  const services = Object.keys(record(compose, ['services']))
  const faults = Object.entries(FIXED)
    .filter(([key, value]) => !isDeepStrictEqual(at(compose, [...API, key]), value))
    .map(([key]) => `${key} of api is not as it must be`)
  if (!isDeepStrictEqual(services, ['api'])) faults.push('there is not one service named api')
  if (at(compose, [...API, 'build', 'context']) !== '.') faults.push('api is not built from here')
  const probe = ['CMD', ...(image.healthCheck ?? [])]
  if (!isDeepStrictEqual(at(compose, [...API, 'healthcheck', 'test']), probe)) {
    faults.push('healthcheck is not the one of the Dockerfile')
  }
  return faults
}

function networkFaults(compose: Document, image: Image): string[] {
  const ports = list(compose, [...API, 'ports'])
  const expected = `127.0.0.1:\${PORT:-8000}:${image.environment['PORT']}`
  return isDeepStrictEqual(ports, [expected])
    ? []
    : ['port 8000 is not published on loopback alone']
}

function volumeFaults(compose: Document, image: Image): string[] {
  const names = Object.keys(record(compose, ['volumes']))
  const wanted = names.map((name) => `${name}:${image.environment['DATA_DIR']}`)
  const mounts = list(compose, [...API, 'volumes'])
  return wanted.some((mount) => mounts.includes(mount)) ? [] : ['DATA_DIR is not in a named volume']
}

function settingFaults(
  compose: Document,
  text: string,
  image: Image,
  settings: ReadonlySet<string>,
): string[] {
  const environment = record(compose, [...API, 'environment'])
  const interpolated = [...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name)
  const used = new Set([...Object.keys(environment), ...interpolated])
  // The container's own address, port and folders: an .env written for the host must not change them.
  const container = ['HOST', 'PORT', 'DATA_DIR', 'REPORTS_DIR'].filter(
    (name) => environment[name] !== image.environment[name],
  )
  const literal = Object.entries(environment).filter(
    ([name, value]) => SECRET.test(name) && value !== null,
  )
  const mode = environment['ENVIRONMENT'] === `\${ENVIRONMENT:-development}` ? [] : ['ENVIRONMENT']
  return [
    ...[...used]
      .filter((name) => !settings.has(name))
      .map((name) => `${name} is not in .env.example`),
    ...container.map((name) => `${name} differs from the image's`),
    ...literal.map(([name]) => `${name} has a value in the file`),
    ...mode.map(() => 'ENVIRONMENT is not development by default'),
  ]
}

function at(compose: Document, path: readonly string[]): unknown {
  const value: unknown = compose.getIn(path)
  return isNode(value) ? value.toJS(compose) : value
}

function list(compose: Document, path: readonly string[]): readonly unknown[] {
  const value = at(compose, path)
  return Array.isArray(value) ? value : []
}

function record(compose: Document, path: readonly string[]): Readonly<Record<string, unknown>> {
  const value = at(compose, path)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
