// The Dockerfile as data, and the list of what is wrong with it. No container engine runs in the
// tests, so the file is held to rules on its parsed form; the same functions judge the real file
// and copies of it with one planted fault each.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { Copy, DockerfileParser, Env, From, Healthcheck, type Instruction } from 'dockerfile-ast'
import { validate } from 'dockerfile-utils'
import { START_COMMAND } from '../start-command.ts'

/** One COPY from the build context, with the paths as they stand in the file. */
export type ContextCopy = { readonly sources: readonly string[]; readonly target: string }

/** What the last stage of a Dockerfile makes of a container, and what all stages copy into it. */
export type Image = {
  readonly bases: readonly string[]
  readonly copies: readonly ContextCopy[]
  readonly environment: Readonly<Record<string, string>>
  readonly user: string | undefined
  readonly stopSignal: string | undefined
  /** Absent where the instruction is missing or in shell form, which puts a shell before the server. */
  readonly command: readonly string[] | undefined
  readonly healthCheck: readonly string[] | undefined
  readonly volumes: readonly string[]
  readonly keywords: readonly string[]
}

/** What the rules compare a Dockerfile with. */
export type Surroundings = {
  readonly root: string
  readonly nodeVersion: string
  readonly settings: ReadonlySet<string>
  readonly reachesEngine: (path: string) => boolean
  /** Folders of the workspaces that the server needs in production. */
  readonly workspaces: readonly string[]
}

const SECRET = /SECRET|PASSWORD|TOKEN|KEY|DATABASE_URL/

/** Reads a Dockerfile; instructions that are not understood are left to `dockerfileFaults`. */
export function readDockerfile(text: string): Image {
  const instructions = DockerfileParser.parse(text).getInstructions()
  const froms = instructions.filter((instruction) => instruction instanceof From)
  const stages = froms.map((from) => from.getBuildStage())
  const final = instructions.slice(instructions.findLastIndex((one) => one instanceof From) + 1)
  const last = (keyword: string): string | undefined =>
    final.findLast((one) => one.getKeyword() === keyword)?.getArgumentsContent() ?? undefined
  return {
    bases: froms.map((from) => from.getImage() ?? '').filter((image) => !stages.includes(image)),
    copies: instructions.filter((one) => one instanceof Copy).flatMap(contextCopy),
    environment: Object.fromEntries(final.filter((one) => one instanceof Env).flatMap(variables)),
    user: last('USER'),
    stopSignal: last('STOPSIGNAL'),
    command: execForm(last('CMD')),
    healthCheck: healthCheck(final),
    volumes: execForm(last('VOLUME')) ?? [],
    keywords: final.map((one) => one.getKeyword()),
  }
}

/** Every rule that a Dockerfile breaks, as sentences; empty when there is nothing to say. */
export function dockerfileFaults(text: string, surroundings: Surroundings): readonly string[] {
  const image = readDockerfile(text)
  return [
    ...validate(text).map(
      (diagnostic) => `line ${diagnostic.range.start.line + 1}: ${diagnostic.message}`,
    ),
    ...image.bases.flatMap((base) => baseFaults(base, surroundings.nodeVersion)),
    ...processFaults(image),
    ...copyFaults(image, surroundings),
    ...workspaceFaults(text, surroundings.workspaces),
    ...variableFaults(text, image, surroundings.settings),
  ]
}

function baseFaults(base: string, nodeVersion: string): string[] {
  const tag = base.split(':')[1]
  if (tag === undefined || tag === 'latest') return [`base image ${base} is not pinned`]
  return base === `node:${nodeVersion}-slim`
    ? []
    : [`base image ${base} is not the Node that the tests run on, ${nodeVersion}`]
}

function processFaults(image: Image): string[] {
  const faults: string[] = []
  if (!/^[1-9]\d*(:[1-9]\d*)?$/.test(image.user ?? '')) faults.push('USER is not a number above 0')
  if (!isDeepStrictEqual(image.command, [...START_COMMAND])) {
    faults.push('CMD is not the start command of the tests in exec form')
  }
  // An ENTRYPOINT in shell form, or one that does not exec, keeps SIGTERM from the server.
  if (image.keywords.includes('ENTRYPOINT'))
    faults.push('ENTRYPOINT stands before the start command')
  if (image.stopSignal !== 'SIGTERM') faults.push('STOPSIGNAL is not SIGTERM')
  if (image.healthCheck === undefined) faults.push('HEALTHCHECK is missing or not in exec form')
  const dataDir = image.environment['DATA_DIR'] ?? ''
  if (!image.volumes.includes(dataDir)) faults.push('DATA_DIR is not a volume')
  // The rest of the file system cannot be written to.
  const reportsDir = image.environment['REPORTS_DIR'] ?? ''
  if (!reportsDir.startsWith(`${dataDir}/`)) faults.push('REPORTS_DIR is not in DATA_DIR')
  return faults
}

function copyFaults(image: Image, { root, reachesEngine }: Surroundings): string[] {
  return image.copies
    .flatMap((copy) => copy.sources)
    .flatMap((source) => {
      if (!existsSync(join(root, source))) return [`COPY of ${source}, which does not exist`]
      return reachesEngine(source) ? [] : [`COPY of ${source}, which .dockerignore leaves out`]
    })
}

// A workspace without its manifest stops `npm ci`, or is left out of what it installs; one without its
// sources is a link that leads nowhere, which shows only when something imports it.
function workspaceFaults(text: string, workspaces: readonly string[]): string[] {
  const install = text.search(/^RUN npm ci/m)
  const sourcesOf = (part: string): readonly string[] =>
    readDockerfile(part).copies.flatMap(({ sources }) => sources)
  const manifests = sourcesOf(text.slice(0, Math.max(0, install)))
  const final = sourcesOf(text.slice(text.search(/^FROM [^\n]*(?![\s\S]*^FROM )/m)))
  return workspaces.flatMap((folder) => [
    ...(manifests.includes(`${folder}/package.json`)
      ? []
      : [`${folder}/package.json is not copied before npm ci`]),
    ...(final.includes(folder) ? [] : [`${folder} is not copied into the image`]),
  ])
}

function variableFaults(text: string, image: Image, settings: ReadonlySet<string>): string[] {
  const parsed = DockerfileParser.parse(text)
  const properties = [
    ...parsed.getENVs().flatMap((env) => env.getProperties()),
    ...parsed.getARGs().flatMap((arg) => arg.getProperty() ?? []),
  ]
  const secrets = properties.map((one) => one.getName()).filter((name) => SECRET.test(name))
  const unknown = Object.keys(image.environment).filter((name) => !settings.has(name))
  const open =
    image.environment['ENVIRONMENT'] === 'production' ? [] : ['the bare image is not production']
  return [
    ...secrets.map((name) => `${name} would be baked into the image`),
    ...unknown.map((name) => `ENV ${name} is not in .env.example`),
    ...open,
  ]
}

function contextCopy(copy: Copy): ContextCopy[] {
  const paths = copy.getArguments().map((argument) => argument.getValue())
  if (copy.getFromFlag() !== null) return []
  return [{ sources: paths.slice(0, -1), target: paths.at(-1) ?? '' }]
}

function variables(env: Env): [string, string][] {
  return env.getProperties().map((property) => [property.getName(), property.getValue() ?? ''])
}

function healthCheck(final: readonly Instruction[]): readonly string[] | undefined {
  const instruction = final.findLast((one) => one instanceof Healthcheck)
  return execForm(/(?:^|\s)CMD\s+(\[.*)$/s.exec(instruction?.getArgumentsContent() ?? '')?.[1])
}

function execForm(content: string | undefined): readonly string[] | undefined {
  if (!content?.startsWith('[')) return undefined
  const words: unknown = JSON.parse(content)
  return Array.isArray(words) ? words.map(String) : undefined
}
