import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { PROBLEMS, type ProblemCode, ROUTES } from '@questline/contracts'
import { describe, expect, test } from 'vitest'
import { FOLDERS } from '../packages/server/src/http/documentation/postman-collection.ts'
import { problemsByStatus } from '../packages/server/src/http/documentation/problem-responses.ts'
import { DATABASES } from './database.ts'
import { startServer, type TestServer } from './http/server.ts'
import { PLAIN_QUESTLINE } from './report-runs/plain-questline.ts'
import { runNode } from './run-node.ts'

const COLLECTION = resolve(import.meta.dirname, '../postman_collection.json')
const AF_SECRET = 'the postback secret of a run of the collection'
const NEWMAN = createRequire(import.meta.url).resolve('newman/bin/newman.js')

type Execution = {
  readonly item: { readonly name: string }
  readonly assertions?: readonly { readonly assertion: string }[]
}
type Report = {
  readonly executions: readonly Execution[]
  readonly failures: readonly {
    readonly source: { readonly name: string }
    readonly error: { readonly message: string }
  }[]
}

const failureText = ({ source, error }: Report['failures'][number]): string =>
  `${source.name}: ${error.message}`

/** Plays `collection` against `server`, as a person at the command line would. */
async function play(collection: string, server: TestServer): Promise<Report & { exit: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'questline-newman-'))
  try {
    const report = join(folder, 'report.json')
    const variables = {
      baseUrl: server.url,
      operatorKey: server.keys.operator,
      serverKey: server.keys.server,
      ingestKey: server.keys.ingest,
      afSecret: AF_SECRET,
    }
    const { exit, errors } = await runNode(
      [
        ...['--no-deprecation', NEWMAN, 'run', collection],
        ...['--reporters', 'json', '--reporter-json-export', report],
        ...Object.entries(variables).flatMap(([name, value]) => ['--env-var', `${name}=${value}`]),
      ],
      folder,
    )
    const written = await readFile(report, 'utf8').catch(() => {
      throw new Error(`newman wrote no report: ${errors}`)
    })
    return { exit, ...JSON.parse(written).run }
  } finally {
    await rm(folder, { recursive: true })
  }
}

const steps = FOLDERS.flatMap((folder) => folder.steps)
const settings = { RATE_LIMIT: 'on', AF_SECRET }

describe.each(DATABASES)('on $name', (database) => {
  test('every request of the collection is answered as it says', async () => {
    const server = await startServer(database, { settings, reportsProgram: PLAIN_QUESTLINE })
    try {
      const { exit, executions, failures } = await play(COLLECTION, server)
      expect(failures.map(failureText)).toEqual([])
      expect(exit).toBe(0)
      // Three hold for every answer; a request that tests nothing of its own has only those. What
      // a script sends stands in the report as one more execution of its request.
      const asserted = executions.filter(({ assertions = [] }) => assertions.length > 3)
      const names = [...new Set(asserted.map(({ item }) => item.name))]
      expect(names).toEqual(steps.map(({ name }) => name))
      expect(names.length).toBeGreaterThanOrEqual(50)
    } finally {
      await server.stop()
    }
  }, 180_000)
})

test('a request that is answered otherwise makes the run fail', async () => {
  const [database] = DATABASES
  const server = await startServer(database, { settings, reportsProgram: PLAIN_QUESTLINE })
  const folder = await mkdtemp(join(tmpdir(), 'questline-collection-'))
  try {
    const changed = join(folder, 'changed.json')
    const text = await readFile(COLLECTION, 'utf8')
    await writeFile(
      changed,
      text.replace(
        'pm.expect(json.balance).to.equal(500)',
        'pm.expect(json.balance).to.equal(501)',
      ),
    )
    const { exit, failures } = await play(changed, server)
    expect(exit).toBe(1)
    expect(failures.map(failureText)).toEqual(['Earn: expected 500 to equal 501'])
  } finally {
    await rm(folder, { recursive: true })
    await server.stop()
  }
}, 60_000)

describe('the collection', () => {
  test('plays each route to its success, under each of its names', () => {
    const successes = steps.filter(({ problem }) => problem === undefined)
    // A stream has no end that a collection could wait for.
    const ending = ROUTES.filter(({ produces = [] }) => !produces.includes('text/event-stream'))
    for (const route of ending) {
      for (const path of [route.path, ...route.aliases]) {
        const played = successes.some(
          (step) => step.route === route && (step.path ?? route.path) === path,
        )
        expect(played, `${route.method} ${path}`).toBe(true)
      }
    }
  })

  test('has a folder for each tag, in reading order, and one for the limits', () => {
    expect(FOLDERS.map(({ name }) => name)).toEqual([
      ...new Set(ROUTES.map(({ tag }) => tag)),
      'Limits',
    ])
  })

  test('meets each kind of refusal', () => {
    const statuses = new Set(
      steps.flatMap(({ problem }) => (problem ? PROBLEMS[problem].status : [])),
    )
    expect([...statuses].sort()).toEqual([400, 401, 403, 404, 405, 406, 409, 413, 415, 422])
    // The scripts of the last request meet it: no single request does.
    expect(JSON.stringify(FOLDERS.at(-1))).toContain('429 too-many-requests')
  })

  test('meets no refusal that openapi.json does not list', () => {
    const everywhere: readonly ProblemCode[] = ['method-not-allowed', 'not-found']
    for (const { name, route, problem } of steps) {
      if (!problem || everywhere.includes(problem)) continue
      const listed = problemsByStatus(route).get(PROBLEMS[problem].status) ?? []
      expect(listed, name).toContain(problem)
    }
  })

  test('gives no two requests one name', () => {
    const names = steps.map(({ name }) => name)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })
})
