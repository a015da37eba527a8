import { execFileSync } from 'node:child_process'
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MIGRATIONS } from '../packages/server/src/store/migrate.ts'
import { freshPostgres } from './database.ts'
import { plainSql } from './plain-sql.ts'
import { QUESTLINE, questline, ROOT, type Surroundings } from './questline.ts'
import { runNode } from './run-node.ts'

const CLI = join(ROOT, 'packages/server/src/cli.ts')
const VERSION = '0.1.0\n'
/** The migrations of a new database. */
const APPLIED = MIGRATIONS.map(({ name }) => name)

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'questline-cli-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const run = (line: string, around: Partial<Surroundings> = {}) =>
  questline(line.split(' ').filter(Boolean), { folder, ...around })
const sqlite = (): string => `sqlite:///${join(folder, 'data/app.db')}`

describe('the command starts', () => {
  it.each([
    ['through its link in node_modules', { program: QUESTLINE }],
    ['as the file itself', { program: CLI }],
  ])('%s, from another folder', async (_name, around) => {
    expect(await run('--version', around)).toEqual({ exit: 0, output: VERSION, errors: '' })
  })

  it('through a link of a link', async () => {
    await symlink(QUESTLINE, join(folder, 'ql'))
    expect((await run('--version', { program: './ql' })).output).toBe(VERSION)
  })

  it('with node, as the image does it', async () => {
    expect(await runNode([CLI, '--version'], folder)).toMatchObject({ exit: 0, output: VERSION })
  })

  it('through npx', async () => {
    const path = process.env['PATH'] ?? ''
    const settings = { HOME: folder, npm_config_update_notifier: 'false' }
    const npx = { program: 'npx', folder: ROOT, path, settings }
    const { exit, output } = await run('--no-install questline --version', npx)
    expect({ exit, output }).toEqual({ exit: 0, output: VERSION })
  })

  it('where the Node of the system is older', async ({ skip }) => {
    const older = olderNode()
    if (older === undefined) return skip('this machine has no Node older than 26')
    expect((await run('--version', { path: older })).output).toBe(VERSION)
    expect((await run('migrate', { path: older })).exit).toBe(0)
  })

  it('where the Node on the PATH is a pretender', async () => {
    const path = await pretender('v20.1.0')
    expect((await run('--version', { path })).output).toBe(VERSION)
  })

  it('with the Node on the PATH where npm has installed none', async () => {
    const program = await elsewhere()
    await symlink(process.execPath, join(folder, 'node'))
    const { errors } = await run('--version', { program, path: `${folder}:/usr/bin:/bin` })
    // It gets as far as its own modules, which were not copied.
    expect(errors).toContain('ERR_MODULE_NOT_FOUND')
  })

  it.each(['v20.1.0', 'v25.9.9'])('not with %s alone, and says what is needed', async (version) => {
    const program = await elsewhere()
    const { exit, errors } = await run('--version', { program, path: await pretender(version) })
    expect(exit).toBe(2)
    expect(errors).toBe(
      `questline needs Node 26 or newer; found: ${version}. Run npm ci, which installs it.\n`,
    )
  })

  it('not without any Node, and says what is needed', async () => {
    const program = await elsewhere()
    const tools = join(folder, 'tools')
    await mkdir(tools)
    await symlink('/usr/bin/readlink', join(tools, 'readlink'))
    const { exit, errors } = await run('--version', { program, path: tools })
    expect(exit).toBe(2)
    expect(errors).toContain('none on the PATH')
  })

  it.each([
    ['beside the packages', {}, 'node_modules/.cache/questline'],
    ['where it is told to', { NODE_COMPILE_CACHE: 'elsewhere' }, 'elsewhere'],
    ['nowhere', { NODE_COMPILE_CACHE: '' }, ''],
  ])('and keeps what Node compiles %s', async (_name, settings, kept) => {
    const program = await elsewhere()
    const bin = join(folder, 'node_modules/node/bin')
    await mkdir(bin, { recursive: true })
    await writeFile(join(bin, 'node'), '#!/bin/sh\nprintf %s "$NODE_COMPILE_CACHE"\n')
    await chmod(join(bin, 'node'), 0o755)
    const { output } = await run('start', { program, settings })
    expect(output).toBe(kept.startsWith('node_modules') ? join(await realpath(folder), kept) : kept)
  })

  /** A copy of the file alone, where no folder above it has a Node. */
  async function elsewhere(): Promise<string> {
    await copyFile(CLI, join(folder, 'cli.ts'))
    return './cli.ts'
  }

  /** A PATH on which the first `node` says this version and does nothing else. */
  async function pretender(version: string): Promise<string> {
    const bin = join(folder, 'bin')
    await mkdir(bin)
    await writeFile(
      join(bin, 'node'),
      `#!/bin/sh\n[ "$1" = --version ] && echo ${version} || exit 99\n`,
    )
    await chmod(join(bin, 'node'), 0o755)
    return `${bin}:/usr/bin:/bin`
  }
})

/** A PATH whose `node` is older than ours; undefined where there is none. */
function olderNode(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/bin', '/usr/bin']
  return folders.find((bin) => {
    try {
      const version = execFileSync(join(bin, 'node'), ['--version'], { encoding: 'utf8' })
      return Number.parseInt(version.slice(1), 10) < 26
    } catch {
      return false
    }
  })
}

describe('help', () => {
  it.each([
    ['', 2],
    ['--help', 0],
    ['keys', 2],
  ])('of "%s" lists the commands and the exit codes', async (line, exit) => {
    const ran = await run(line)
    expect(ran.exit).toBe(exit)
    expect(ran.output + ran.errors).toMatch(/Commands:/)
    expect(ran.output + ran.errors).toMatch(/Exit codes: 0 done; 1 .*; 2 /)
  })

  const commands = [
    ...['start', 'demo', 'migrate', 'audit', 'backup', 'restore', 'keys create', 'keys list'],
    ...['keys revoke', 'players bind', 'postback-test', 'openapi'],
  ]
  it.each(commands)('of %s says what it does, with examples', async (name) => {
    const { exit, output, errors } = await run(`${name} --help`)
    expect(exit).toBe(0)
    expect(output).toMatch(new RegExp(`^Usage: questline ${name}`))
    expect(output).toMatch(/Exit codes/)
    expect(output).toMatch(/Examples:\n {2}(\S+ )?questline|questline /)
    expect(errors).toBe('')
    expect(await readdir(folder)).toEqual([])
  })

  it.each([
    ['nothing', "unknown command 'nothing'"],
    ['audit --nothing', "unknown option '--nothing'"],
    ['backup', "missing required argument 'file'"],
    ['keys create', "required option '--scope <scope>' not specified"],
    ['keys create --scope god', 'Allowed choices are ingest, server, operator.'],
    ['keys create --scope server', 'name it with --app'],
    ['keys revoke 00', 'there is no key 00'],
    ['players bind bob --device-secret short', 'a device secret has 32 to 256'],
    ['postback-test --url nowhere', 'is no address such as'],
    ['postback-test --timeout soon', 'is no number of milliseconds'],
    ['restore missing.db', 'cannot read'],
    ['rates import missing.csv', 'missing.csv cannot be read: it does not exist\n'],
    ['simulate --rates .', '. cannot be read: it is a folder\n'],
    // Books that it would make itself would be empty, and their copy clean.
    ['backup copy.db', 'data/app.db: DATA_DIR or DATABASE_URL says where they are'],
    ['audit', 'data/app.db: DATA_DIR or DATABASE_URL says where they are'],
  ])('"%s" is wrong use: one line, exit 2', async (line, message) => {
    const { exit, output, errors } = await run(line)
    expect(exit).toBe(2)
    expect(output).toBe('')
    expect(withoutLogs(errors)).toMatch(/^questline: /)
    expect(errors).toContain(message)
    expect(errors).not.toMatch(/\n {4}at /)
  })
})

/** Logs are JSON, one line each. */
const withoutLogs = (errors: string): string => errors.replace(/^\{.*\}\n/gm, '')

describe('settings', () => {
  it('that are unusable are all named at once, exit 2', async () => {
    const settings = { PORT: 'abc', DATABASE_URL: 'mysql://x', RATE_LIMIT: 'perhaps' }
    const { exit, output, errors } = await run('start', { settings })
    expect(exit).toBe(2)
    expect(output).toBe('')
    expect(errors).toMatch(
      /^questline: The settings are not usable:\n {2}PORT: .*\n {2}DATABASE_URL: .*\n {2}RATE_LIMIT: /,
    )
  })

  it('come from .env in the folder, and from the environment first', async () => {
    await writeFile(join(folder, '.env'), 'DATA_DIR=from-file\n')
    await run('migrate')
    await run('migrate', { settings: { DATA_DIR: 'from-environment' } })
    expect(await readdir(folder)).toEqual(['.env', 'from-environment', 'from-file'])
  })
})

describe('what the machine refuses is one line, exit 1', () => {
  it.each([
    [
      'a database that does not answer',
      { DATABASE_URL: 'postgresql://ada:secret-of-ada@127.0.0.1:1/game' },
      /^questline: the database: connect ECONNREFUSED 127\.0\.0\.1:1\n$/,
    ],
    ['a folder that is a file', { DATA_DIR: QUESTLINE }, /^questline: .*(EEXIST|ENOTDIR).*\n$/],
  ])('%s', async (_name, settings, message) => {
    const { exit, output, errors } = await run('migrate', { settings })
    expect({ exit, output }).toEqual({ exit: 1, output: '' })
    expect(errors).toMatch(message)
  })

  it('a database that is none', async () => {
    await mkdir(join(folder, 'data'))
    await writeFile(join(folder, 'data/app.db'), 'not a database at all '.repeat(500))
    const { exit, errors } = await run('audit')
    expect(exit).toBe(1)
    expect(errors).toMatch(/^questline: the database: file is not a database\n$/)
  })

  it('a database of a newer version', async () => {
    await run('migrate')
    await plainSql(sqlite(), "INSERT INTO migrations VALUES (999, 'later', 0)")
    const { exit, errors } = await run('audit')
    expect(exit).toBe(1)
    expect(errors).toMatch(/^questline: the database has schema 999, .*start a newer version\n$/)
  })
})

describe('migrate', () => {
  it('makes a new database, and says the second time that it was there', async () => {
    const first = await run('migrate --json')
    expect(JSON.parse(first.output)).toEqual({
      ...{ database: 'data/app.db', schema: APPLIED.length, applied: APPLIED },
    })
    expect(await run('migrate')).toEqual({
      exit: 0,
      output: `data/app.db has schema ${APPLIED.length} (was up to date)\n`,
      errors: '',
    })
  })

  it('knows PostgreSQL, and shows no password', async () => {
    const { url, drop } = await freshPostgres()
    const named = new URL(url)
    named.password ||= 'a-password-that-nobody-checks'
    try {
      const { output, errors } = await run('migrate --json', {
        settings: { DATABASE_URL: named.href },
      })
      expect(JSON.parse(output)).toMatchObject({
        applied: APPLIED,
      })
      expect(output + errors).not.toContain(named.password)
      const settings = { DATABASE_URL: url }
      await run('keys create --scope operator', { settings })
      expect(JSON.parse((await run('keys list --json', { settings })).output).keys).toHaveLength(1)
      expect(await run('audit', { settings })).toMatchObject({ exit: 0, errors: '' })
      expect(await readdir(folder)).toEqual([])
    } finally {
      await drop()
    }
  })
})

describe('audit', () => {
  it('finds a new database clean, in words and as one document', async () => {
    await run('migrate')
    expect((await run('audit')).output).toBe(
      'audit clean: 0 accounts of 0 players, 0 ledger entries, 0 events\n',
    )
    const { exit, output, errors } = await run('audit --json')
    expect({ exit, errors }).toEqual({ exit: 0, errors: '' })
    expect(JSON.parse(output)).toEqual({
      ok: true,
      checked: { players: 0, accounts: 0, entries: 0, events: 0 },
      discrepancies: [],
      more: false,
    })
  })

  it('lists what is wrong with exit 1, and obeys no name of a player', async () => {
    await run('migrate')
    const evil = 'eve\u001b[2J'
    await plainSql(sqlite(), `INSERT INTO balances VALUES ('${evil}', 'coins', 7, 1, 0, 0)`)

    const human = await run('audit')
    expect(human.exit).toBe(1)
    expect(human.output).toContain('audit found 1 discrepancies')
    expect(human.output).toContain('entries-missing  eve\\u001b[2J coins  the balance is 7')
    expect(human.output).not.toContain('\u001b')

    const machine = await run('audit --json')
    expect(machine.exit).toBe(1)
    expect(JSON.parse(machine.output).discrepancies).toEqual([
      expect.objectContaining({ kind: 'entries-missing', playerId: evil, currency: 'coins' }),
    ])
  })
})

describe('keys', () => {
  it('are created, listed without their secret, and revoked', async () => {
    const made = await run('keys create --scope server --app my-game --name Ada --json')
    const { id, scope, app, key } = JSON.parse(made.output)
    expect({ scope, app }).toEqual({ scope: 'server', app: 'my-game' })
    expect(key).toMatch(/^ql_server_[0-9a-f]{16}_/)

    const listed = await run('keys list --json')
    expect(JSON.parse(listed.output)).toEqual({
      keys: [expect.objectContaining({ id, scope, app, name: 'Ada', revokedAt: null })],
    })
    expect((await run('keys list')).output).toMatch(/^ID +SCOPE +APP/)

    expect((await run(`keys revoke ${id}`)).output).toBe(`key ${id} is revoked\n`)
    const after = JSON.parse((await run('keys list --json')).output)
    expect(Date.parse(after.keys[0].revokedAt)).toBeGreaterThan(Date.parse(after.keys[0].createdAt))
    expect(listed.output + JSON.stringify(after)).not.toContain(key.split('_').at(-1))
  })
})

describe('players bind', () => {
  const SECRET = 's'.repeat(43)
  it('takes the secret from standard input, and replaces only when told to', async () => {
    await run('migrate')
    const none = await run('players bind ada --device-secret -', { input: SECRET })
    expect(none).toMatchObject({ exit: 2, output: '' })
    expect(none.errors).toContain('there is no such player')

    await plainSql(sqlite(), "INSERT INTO players (player_id, created_at) VALUES ('ada', 0)")
    const bound = await run('players bind ada --device-secret - --json', { input: `${SECRET}\n` })
    expect(JSON.parse(bound.output)).toEqual({ userId: 'ada', bound: true })

    const again = await run(`players bind ada --device-secret ${SECRET}`)
    expect(again).toMatchObject({ exit: 2 })
    expect(await run(`players bind ada --replace --device-secret ${SECRET}`)).toMatchObject({
      exit: 0,
    })
  })
})

describe('backup and restore', () => {
  it('make a copy and put it back, in words and as documents', async () => {
    await run('keys create --scope operator')
    const made = await run('backup copy.db --json')
    expect(JSON.parse(made.output)).toMatchObject({
      ...{ file: join(folder, 'copy.db'), audit: { ok: true } },
    })
    expect(await run('backup copy.db')).toMatchObject({ exit: 2, output: '' })
    expect(await run('backup copy.db --force')).toMatchObject({ exit: 0 })

    await rm(join(folder, 'data'), { recursive: true })
    const restored = await run('restore copy.db --json')
    expect(JSON.parse(restored.output)).toMatchObject({ before: null, audit: { ok: true } })
    expect(JSON.parse((await run('keys list --json')).output).keys).toHaveLength(1)
    expect((await run('restore copy.db')).output).toMatch(
      /^restored .*\nthe books before are .*app\.db\.before-restore-.*\naudit clean/,
    )
  })

  it('say when the copy is not clean; restore refuses it unless forced', async () => {
    await run('migrate')
    await plainSql(sqlite(), "INSERT INTO balances VALUES ('eve', 'coins', 7, 1, 0, 0)")
    const made = await run('backup copy.db')
    expect(made.exit).toBe(1)
    expect(made.output).toContain('entries-missing')

    const refused = await run('restore copy.db')
    expect(refused).toMatchObject({ exit: 1, output: '' })
    expect(refused.errors).toMatch(/^questline: copy\.db is not clean, nothing was restored/)
    expect(await run('restore copy.db --force')).toMatchObject({ exit: 0 })
  })

  it.each([
    ['backup', 'pg_dump --format=custom'],
    ['restore', 'pg_restore --clean'],
  ])('with PostgreSQL, %s prints the command to run, exit 2', async (name, command) => {
    const settings = { DATABASE_URL: 'postgresql://ada:secret-of-ada@127.0.0.1:1/game' }
    const { exit, output, errors } = await run(`${name} game.dump`, { settings })
    expect({ exit, output }).toEqual({ exit: 2, output: '' })
    expect(errors).toContain(`${command}`)
    expect(errors).toContain(`"$DATABASE_URL"`)
    expect(errors).not.toContain('secret-of-ada')
  })
})
