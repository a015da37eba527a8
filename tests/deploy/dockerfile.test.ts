import { describe, expect, it } from 'vitest'
import { contextFilter, serverWorkspaces } from './build-context.ts'
import { dockerfileFaults, type Surroundings } from './dockerfile.ts'
import { documentedSettings, pinnedNodeVersion, ROOT, repositoryFile } from './repository.ts'

const dockerfile = repositoryFile('Dockerfile')
const surroundings: Surroundings = {
  root: ROOT,
  nodeVersion: pinnedNodeVersion(),
  settings: documentedSettings(),
  reachesEngine: contextFilter(repositoryFile('.dockerignore')),
  workspaces: serverWorkspaces(ROOT),
}

const PLANTED: readonly [string, string | RegExp, string, string][] = [
  ['an unknown instruction', 'EXPOSE 8000', 'EXPOSES 8000', 'Unknown instruction: EXPOSES'],
  ['an unknown flag', '--retries=3', '--retry=3', 'Unknown flag: retry'],
  ['a base without a tag', /node:\S+/, 'node', 'base image node is not pinned'],
  ['the tag latest', /node:\S+/, 'node:latest', 'base image node:latest is not pinned'],
  ['another Node', /node:\S+/, 'node:24.1.0-slim', 'is not the Node that the tests run on'],
  ['no user', /^USER .*$/m, '', 'USER is not a number above 0'],
  ['the user root', /^USER .*$/m, 'USER root', 'USER is not a number above 0'],
  ['the user 0', /^USER .*$/m, 'USER 0:0', 'USER is not a number above 0'],
  ['a user in another stage only', /^USER .*$/m, 'FROM base', 'USER is not a number above 0'],
  ['another start command', '"start"]', '"demo"]', 'CMD is not the start command'],
  [
    'a start command in shell form',
    /^CMD \[.*$/m,
    'CMD node cli.ts start',
    'CMD is not the start command',
  ],
  [
    'an entry point',
    /^CMD/m,
    'ENTRYPOINT ["sh"]\nCMD',
    'ENTRYPOINT stands before the start command',
  ],
  ['another stop signal', 'STOPSIGNAL SIGTERM', 'STOPSIGNAL SIGKILL', 'STOPSIGNAL is not SIGTERM'],
  ['no health check', /^HEALTHCHECK[^\n]*\n.*$/m, '', 'HEALTHCHECK is missing'],
  [
    'a health check in shell form',
    /^ {2}CMD .*$/m,
    '  CMD curl localhost',
    'HEALTHCHECK is missing',
  ],
  ['data outside the volume', 'DATA_DIR=/data', 'DATA_DIR=/app/data', 'DATA_DIR is not a volume'],
  [
    'reports outside the volume',
    'REPORTS_DIR=/data/reports',
    'REPORTS_DIR=/reports',
    'REPORTS_DIR is not in DATA_DIR',
  ],
  [
    'a copy of what is not there',
    'COPY packages/server p',
    'COPY packages/sever p',
    'which does not exist',
  ],
  [
    'a copy of what is left out',
    'COPY packages/server p',
    'COPY tests p',
    '.dockerignore leaves out',
  ],
  [
    'a workspace left out',
    'COPY packages/sdk packages/sdk\n',
    '',
    'packages/sdk is not copied into the image',
  ],
  [
    'a workspace that only an earlier stage has',
    /^COPY packages\/sdk packages\/sdk\n([\s\S]*)$/m,
    'FROM base\n$1',
    'packages/contracts is not copied into the image',
  ],
  [
    'a manifest left out',
    /^COPY packages\/sdk\/package.json .*$/m,
    '',
    'packages/sdk/package.json is not copied before npm ci',
  ],
  [
    'a manifest that comes after the installation',
    /^(COPY packages\/sdk\/package.json .*\n)([\s\S]*?-delete\n)/m,
    '$2$1',
    'packages/sdk/package.json is not copied before npm ci',
  ],
  ['a secret in a variable', 'ENV ENV', 'ENV JWT_SECRET=x ENV', 'JWT_SECRET would be baked'],
  ['a secret in an argument', 'WORKDIR', 'ARG NPM_TOKEN\nWORKDIR', 'NPM_TOKEN would be baked'],
  ['an unknown setting', 'ENV ENV', 'ENV DATADIR=/x ENV', 'ENV DATADIR is not in .env.example'],
  [
    'development in the bare image',
    '=production',
    '=development',
    'the bare image is not production',
  ],
]

describe('the Dockerfile', () => {
  it('breaks no rule', () => {
    expect(dockerfileFaults(dockerfile, surroundings)).toEqual([])
  })

  it.each(PLANTED)('is refused with %s', (_name, find, replacement, fault) => {
    const planted = dockerfile.replace(find, replacement)

    expect(planted).not.toBe(dockerfile)
    expect(dockerfileFaults(planted, surroundings).join('\n')).toContain(fault)
  })
})

describe('the workspaces that the server needs', () => {
  it('are the server and what its package.json asks for', () => {
    const { dependencies }: { readonly dependencies: Readonly<Record<string, string>> } =
      JSON.parse(repositoryFile('packages/server/package.json'))
    const own = Object.keys(dependencies).flatMap(
      (name) => name.match(/^@questline\/(.*)$/)?.[1] ?? [],
    )

    expect(surroundings.workspaces).toEqual(
      [...own, 'server'].map((name) => `packages/${name}`).sort(),
    )
  })
})

describe('the build context', () => {
  it.each([
    ['package-lock.json', true],
    ['packages/server/src/cli.ts', true],
    ['packages/contracts/package.json', true],
    ['packages/sdk/src/storage/file.ts', true],
    ['packages/sdk/dist/sdk.js', false],
    ['.env', false],
    ['packages/server/.env', false],
    ['packages/server/.env.production', false],
    ['.git/config', false],
    ['data/books.db', false],
    ['packages/server/data/books.db', false],
    ['node_modules/fastify/package.json', false],
    ['packages/server/node_modules/commander/index.js', false],
    ['packages/server/src/config/config.test.ts', false],
    ['tests/start-command.ts', false],
  ])('for %s is %s', (path, sent) => {
    expect(surroundings.reachesEngine(path)).toBe(sent)
  })
})
