import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../packages/server/src/config/config.ts'
import { composeFaults } from './compose.ts'
import { readDockerfile } from './dockerfile.ts'
import { documentedSettings, repositoryFile } from './repository.ts'

const compose = repositoryFile('compose.yaml')
const image = readDockerfile(repositoryFile('Dockerfile'))
const settings = documentedSettings()
const folder = mkdtempSync(join(tmpdir(), 'questline-compose-'))
afterAll(() => rmSync(folder, { recursive: true }))

function faultsOf(text: string): string {
  const path = join(folder, 'compose.yaml')
  writeFileSync(path, text)
  return composeFaults(path, text, image, settings).join('\n')
}

const PLANTED: readonly [string, string | RegExp, string, string][] = [
  ['broken YAML', 'services:', 'services: [', 'Flow sequence'],
  ['a key that the schema does not know', 'read_only:', 'readonly:', 'invalid-schema'],
  ['a value of the wrong type', 'read_only: true', 'read_only: [1]', 'invalid-schema'],
  ['another service name', '  api:', '  app:', 'there is not one service named api'],
  [
    'a second service',
    '  api:',
    '  web:\n    image: web:1\n  api:',
    'there is not one service named api',
  ],
  ['a build from elsewhere', 'context: .', 'context: ./elsewhere', 'api is not built from here'],
  ['a port on every address', "'127.0.0.1:$", "'0.0.0.0:$", 'not published on loopback alone'],
  [
    'a second port',
    '    restart:',
    '      - 9229:9229\n    restart:',
    'not published on loopback alone',
  ],
  ['another port inside', ":8000'", ":8001'", 'not published on loopback alone'],
  ['no named volume', /^ {2}data:$/m, '  other:', 'DATA_DIR is not in a named volume'],
  ['a volume elsewhere', 'data:/data', 'data:/var/data', 'DATA_DIR is not in a named volume'],
  [
    'another health check',
    '/health/live',
    '/health',
    'healthcheck is not the one of the Dockerfile',
  ],
  ['a writable root', 'read_only: true', 'read_only: false', 'read_only of api'],
  ['capabilities', '- ALL', '- NET_RAW', 'cap_drop of api'],
  ['new privileges', 'no-new-privileges:true', 'no-new-privileges:false', 'security_opt of api'],
  ['no room for temporary files', '- /tmp', '- /run', 'tmpfs of api'],
  ['no restart', 'unless-stopped', "'no'", 'restart of api'],
  [
    'less time to stop',
    'period: 30s\n    tmpfs',
    'period: 10s\n    tmpfs',
    'stop_grace_period of api',
  ],
  ['no first process', 'init: true', 'init: false', 'init of api'],
  [
    'a start command of its own',
    '    init:',
    '    command: node x.js\n    init:',
    'command of api',
  ],
  ['a user of its own', '    init:', '    user: root\n    init:', 'user of api'],
  ['an unknown setting', 'JWT_SECRET:', 'JWT_SECERT:', 'JWT_SECERT is not in .env.example'],
  ['an unknown variable', '{PORT:', '{API_PORT:', 'API_PORT is not in .env.example'],
  ['a secret in the file', 'JWT_SECRET:', 'JWT_SECRET: abc', 'JWT_SECRET has a value in the file'],
  [
    'a folder that .env can change',
    'DATA_DIR: /data',
    'DATA_DIR: /tmp',
    "DATA_DIR differs from the image's",
  ],
  [
    'reports that .env can move',
    'REPORTS_DIR: /data/reports',
    'REPORTS_DIR: /tmp/reports',
    "REPORTS_DIR differs from the image's",
  ],
  ['production by default', ':-development', ':-production', 'ENVIRONMENT is not development'],
]

describe('compose.yaml', () => {
  it('breaks no rule', () => {
    expect(faultsOf(compose)).toBe('')
  })

  it('gives the server longer to stop than it takes at most', () => {
    const [, seconds = ''] = /stop_grace_period: (\d+)s$/m.exec(compose) ?? []

    expect(Number(seconds) * 1_000).toBeGreaterThan(loadConfig({}).http.stopDeadlineMs)
  })

  it.each(PLANTED)('is refused with %s', (_name, find, replacement, fault) => {
    const planted = compose.replace(find, replacement)

    expect(planted).not.toBe(compose)
    expect(faultsOf(planted)).toContain(fault)
  })
})
