// What a client may send by mistake or malice in the body and the query of a request: refused with
// its pointer, without an effect, cheaply, and alike on both databases.
import { gzipSync } from 'node:zlib'
import { ROUTES, type Route } from '@questline/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { booksViolations } from '../books-invariants.ts'
import { DATABASES } from '../database.ts'
import type { Answer, Sent } from './client.ts'
import { expectProblem, expectProblemDocument, pointersOf } from './problem.ts'
import { answersIn, aRequest, converse, exchange } from './raw.ts'
import { propertiesOf, rightRequest, toSend } from './requests.ts'
import { startServer, type TestServer } from './server.ts'

type Property = { readonly type?: string; readonly format?: string }
type Schema = { readonly properties: Record<string, Property>; readonly required?: string[] }
const schemaOf = (schema: unknown): Schema => schema as Schema

const QUICK = { patienceMs: 2_000 }
/** Routes whose bodies have a closed list of fields; a postback is the provider's own. */
const WRITES = ROUTES.filter((route) => route.body !== undefined && route.access !== 'verifier')
const READS = ROUTES.filter((route) => route.query !== undefined)
const BODIES = ROUTES.filter((route) => route.bodyBytesMax !== undefined)
const fieldsOf = (routes: readonly Route[], part: 'body' | 'query') =>
  routes.flatMap((route) =>
    Object.entries(schemaOf(route[part]).properties).map(([field, property]) => ({
      route,
      path: route.path,
      field,
      property,
    })),
  )

describe.each(DATABASES)('on $name', (database) => {
  let server: TestServer
  let player = ''
  const head = async () =>
    ((await server.send('/health')).body['checks'] as { events: number }).events
  let before = 0
  beforeAll(async () => {
    server = await startServer(database)
    player = await server.guest('ada')
    await server.send('/earn', { token: player, body: { amount: 100 } })
    before = await head()
  })
  afterAll(async () => {
    // Of all that follows nothing had an effect, nor reached any prototype.
    expect(await head()).toBe(before)
    expect((await server.send('/balance', { token: player })).body['balance']).toBe(100)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(await booksViolations(server.databaseUrl)).toEqual([])
    await server.stop()
  })

  const tokenFor = (route: Route): string | undefined => {
    if (route.access.startsWith('operator')) return server.keys.operator
    if (route.access === 'ingest') return server.keys.ingest
    return route.access === 'anyone' || route.access === 'verifier' ? undefined : player
  }
  const sendBody = (route: Route, body: Sent['body'], more: Sent = {}): Promise<Answer> =>
    server.send(route.path, {
      method: route.method,
      token: tokenFor(route),
      ...(body === undefined ? {} : { body }),
      ...more,
    })
  const sendQuery = (route: Route, query: Readonly<Record<string, string>>): Promise<Answer> => {
    const [path, sent] = toSend(route, { ...rightRequest(route), query })
    return server.send(path, { ...sent, token: tokenFor(route) })
  }

  describe('numbers', () => {
    const VALUES = ['0', '-1', '-0', '1.5', '"5"', 'true', 'null', '[]', '{}', '[5]']
    const HUGE = ['1e400', '-1e400', '9007199254740993', '9223372036854775808', '1e20', '100001']
    const money = [
      ['/earn', 'amount', ...VALUES, ...HUGE],
      ['/spend', 'amount', ...VALUES, ...HUGE],
      [
        '/user/update',
        'balance',
        ...VALUES.filter((value) => !/^-?0$/.test(value)),
        ...HUGE.slice(0, 5),
      ],
    ] as const
    const cases = money.flatMap(([path, field, ...values]) =>
      values.map((value) => ({ path, field, value })),
    )
    test.each(cases)('$path refuses the $field $value', async ({ path, field, value }) => {
      const route = routeAt(path)
      const rest = path === '/user/update' ? ',"userId":"ada"' : ''
      const answer = await sendBody(route, `{"${field}":${value}${rest}}`)
      expectProblem(answer, 'invalid-request')
      expect(pointersOf(answer)).toContain(`#/${field}`)
    })

    test.each(['NaN', 'Infinity', '0x10', '1_000', '+1', '01', '.5', '1.', "'1'", ''])(
      'the amount %j is no JSON',
      async (value) => {
        expectProblem(await sendBody(routeAt('/earn'), `{"amount":${value}}`), 'malformed-body')
      },
    )

    test('a name that stands twice counts as its last value, in the checks too', async () => {
      const answer = await sendBody(routeAt('/earn'), '{"amount":1,"amount":100001}')
      expectProblem(answer, 'invalid-request')
      expectProblem(
        await sendBody(routeAt('/earn'), '{"amount":1,"amount":"1"}'),
        'invalid-request',
      )
    })
  })

  const fields = fieldsOf(WRITES, 'body')
  const refuseValue = async (route: Route, field: string, value: unknown) => {
    const body = { ...rightRequest(route).body, [field]: value }
    const answer = await sendBody(route, JSON.stringify(body))
    expectProblem(answer, 'invalid-request')
    expect(pointersOf(answer)).toContain(`#/${field}`)
  }

  test.each(fields)('$path: a $field of another type is refused, not converted', async (of) => {
    const isText = of.property.type === 'string'
    const others: unknown[] = isText ? [5, true, null, [], {}, ['x']] : ['5', true, null]
    // Of what is open, the empty one is a value like any other.
    if (of.property.type !== 'array') others.push([])
    if (of.property.type !== 'object') others.push({})
    for (const value of others) await refuseValue(of.route, of.field, value)
  })

  test.each(fields.filter(({ property }) => property.type === 'string'))(
    '$path: a $field with a NUL or half of a character is refused',
    async ({ route, field }) => {
      for (const text of ['a\0bcdefghi', '\ud800bcdefghij', 'abcdefgh\udc00']) {
        await refuseValue(route, field, text)
      }
    },
  )

  test.each(fields.filter(({ route, field }) => isDemanded(route, field)))(
    '$path: the $field is demanded',
    async ({ route, field }) => refuseValue(route, field, undefined),
  )

  const closed = WRITES.filter(({ access }) => access !== 'ingest')
  test.each(closed)('$path takes no field that it does not know', async (route) => {
    const known = propertiesOf(route.body)
    const answered = Object.values(route.responses).flatMap(propertiesOf)
    const claims = ['id', 'role', 'scope', 'version', 'admin', 'operator', 'player_id', 'a/b~c']
    for (const field of new Set([...answered, ...claims])) {
      if (known.includes(field)) continue
      const answer = await sendBody(route, { ...rightRequest(route).body, [field]: 1 })
      expectProblem(answer, 'invalid-request')
      const escaped = field.replaceAll('~', '~0').replaceAll('/', '~1')
      expect(pointersOf(answer)).toEqual([`#/${escaped}`])
    }
  })

  describe.each(fieldsOf(READS, 'query'))('$path?$field', ({ route, field, property }) => {
    test('is refused when it is no such value', async () => {
      const wrong = property.type === 'integer' ? ['x', '', '1.5', 'true', '-1'] : ['\0', 'a\0b']
      for (const value of wrong) {
        const answer = await sendQuery(route, { [field]: value })
        expectProblem(answer, 'invalid-request')
        expect(pointersOf(answer)).toContain(`#/${field}`)
      }
    })

    test('is refused when it stands there twice', async () => {
      const [path] = toSend(route, rightRequest(route))
      const answer = await server.send(`${path}?${field}=1&${field}=1`, {
        method: route.method,
        token: tokenFor(route),
      })
      expectProblem(answer, 'malformed-request')
    })
  })

  test.each(READS)('$path takes no parameter that it does not know', async (route) => {
    for (const name of ['page', 'userId2', '__proto__', 'constructor', 'toString', '']) {
      const answer = await sendQuery(route, { [name]: '1' })
      expectProblem(answer, 'invalid-request')
    }
  })

  test('%00 and bytes that are no UTF-8 in a path are refused', async () => {
    const operator = { token: server.keys.operator }
    expectProblem(await server.send('/user/a%00b', operator), 'invalid-request')
    expectProblem(await server.send('/user/%ED%A0%80', operator), 'malformed-request')
    expectProblem(await server.send('/user/%ZZ', operator), 'malformed-request')
    expectProblem(await server.send('/user/%', operator), 'malformed-request')
    expectProblem(await server.send(`/user/${'a'.repeat(256)}`, operator), 'invalid-request')
    expectProblem(await server.send(`/user/${'a'.repeat(4_000)}`, operator), 'uri-too-long')
  })

  describe('JSON that attacks its reader', () => {
    const nested = (depth: number, open: string, close: string) =>
      open.repeat(depth) + close.repeat(depth)
    const ATTACKS: Readonly<Record<string, string | Uint8Array>> = {
      'nested 10,000 deep in lists': nested(10_000, '[', ']'),
      'nested 10,000 deep in objects': `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
      'nested with a prototype inside': `{"constructor":${nested(7_000, '[', ']')}}`,
      'a mebibyte of brackets': '['.repeat(1_048_576),
      '100,000 fields': `{${Array.from({ length: 100_000 }, (_, i) => `"k${i}":1`).join()}}`,
      '1,000 fields': `{${Array.from({ length: 1_000 }, (_, i) => `"k${i}":1`).join()}}`,
      'a byte order mark': '\ufeff{"amount":1}',
      'a trailing comma': '{"amount":1,}',
      'UTF-16': Buffer.from('{"amount":1}', 'utf16le'),
      'bytes that are no text': Buffer.from([0x22, 0xc3, 0x28, 0x22]),
      'an overlong slash': Buffer.from([0x22, 0xc0, 0xaf, 0x22]),
      'cut off': '{"amount":1',
      empty: '',
      'white space': ' \n\t ',
      'a list': '[{"amount":1}]',
      'a number': '1',
      'a text': '"amount"',
      null: 'null',
      'two documents': '{"amount":1}{"amount":1}',
      'a prototype': '{"amount":1,"__proto__":{"polluted":true}}',
      'a prototype by escapes': '{"amount":1,"\\u005f\\u005fproto\\u005F_":{"polluted":true}}',
      'a prototype by escaped letters': '{"amount":1,"__\\u0070roto__":{"polluted":true}}',
      'a prototype by an escaped constructor':
        '{"amount":1,"c\\u006fnstructor":{"prototype":{"polluted":true}}}',
      'a prototype by a constructor': '{"amount":1,"constructor":{"prototype":{"polluted":true}}}',
      'a prototype further down': '{"amount":1,"reason":{"a":[{"__proto__":{"polluted":true}}]}}',
      'a comment': '{"amount":1}//',
    }
    const writing = BODIES.filter((route) => route.body !== undefined)
    // To the provider of postbacks, whose shape is any object, these two are only unusual.
    const unusual = ['nested 10,000 deep in objects', '1,000 fields']
    const cases = writing.flatMap((route) =>
      Object.keys(ATTACKS)
        .filter((name) => route.access !== 'verifier' || !unusual.includes(name))
        .map((name) => ({ route, path: route.path, name })),
    )
    test.each(cases)('$path refuses $name', async ({ route, name }) => {
      const startedCpu = process.cpuUsage()
      const answer = await sendBody(route, ATTACKS[name])
      expect([400, 413, 422], answer.text.slice(0, 300)).toContain(answer.status)
      expectProblemDocument(answer)
      expect(answer.text.length).toBeLessThan(4_096)
      const { user, system } = process.cpuUsage(startedCpu)
      expect((user + system) / 1_000).toBeLessThan(400)
    })
  })

  describe.each(BODIES)('the body of $path', (route) => {
    const max = route.bodyBytesMax ?? 0
    const headers = () => {
      const token = tokenFor(route)
      const authorization = token === undefined ? [] : [`Authorization: Bearer ${token}`]
      return ['Content-Type: application/json', ...authorization]
    }
    const head = (more: readonly string[]) =>
      aRequest({ method: route.method, path: route.path, headers: [...headers(), ...more] })

    test('may have as many bytes as the contract says', async () => {
      const answer = await sendBody(route, ' '.repeat(max))
      expect([400, 422]).toContain(answer.status)
    })

    test('is refused by its announced length, before a byte of it has come', async () => {
      const sent = await exchange(server.url, head([`Content-Length: ${max + 1}`]), QUICK)
      expect(sent).toMatchObject({ statuses: [413], closed: true })
      expectProblem(answersIn(sent)[0] ?? never(), 'body-too-large')
    })

    test('is refused by its first byte too many when it announces none', async () => {
      const chunk = `${(max + 1).toString(16)}\r\n${' '.repeat(max + 1)}\r\n`
      const sent = await exchange(server.url, head(['Transfer-Encoding: chunked']) + chunk, QUICK)
      expect(sent).toMatchObject({ statuses: [413], closed: true })
    })

    test('is read in one form only', async () => {
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'text/json',
        'x',
        null,
      ]) {
        expectProblem(await sendBody(route, '{}', { type }), 'unsupported-media-type')
      }
      if (route.inflatedBytesMax !== undefined) return
      for (const coding of ['gzip', 'br', 'deflate', 'identity, gzip']) {
        const answer = await sendBody(route, '{}', { headers: { 'content-encoding': coding } })
        expectProblem(answer, 'unsupported-media-type')
      }
    })
  })

  test('a body that would inflate to a gigabyte is not inflated', async () => {
    const bomb = gzipSync(Buffer.alloc(10 * 1_048_576, ' '))
    const answer = await sendBody(routeAt('/event'), bomb, {
      headers: { 'content-encoding': 'gzip' },
    })
    expectProblem(answer, 'unsupported-media-type')
  })

  test('chunks without an end are cut off at the limit', async () => {
    const chunk = `400\r\n${' '.repeat(1_024)}\r\n`
    let sentBytes = 0
    const sent = await converse(server.url, (socket) => {
      socket.write(
        aRequest({
          method: 'POST',
          path: '/event',
          headers: [
            'Content-Type: application/json',
            'Transfer-Encoding: chunked',
            `Authorization: Bearer ${player}`,
          ],
        }),
      )
      const timer = setInterval(() => {
        socket.write(chunk.repeat(16))
        sentBytes += 16_384
      }, 1)
      socket.on('close', () => clearInterval(timer))
    })
    expect(sent).toMatchObject({ statuses: [413], closed: true })
    expect(sentBytes).toBeLessThan(1_048_576)
  })

  test.each([
    ['white space', `a${' '.repeat(50_000)}<`],
    ['a pattern that almost fits', `${'a '.repeat(25_000)}<`],
    ['one letter', 'x'.repeat(50_000)],
    ['dots', `${'.'.repeat(50_000)}!`],
    ['digits', '2026-03-01T'.padEnd(50_000, '0')],
  ])('50,000 characters of %s cost no time in any field', async (_name, text) => {
    const route = routeAt('/event')
    const startedCpu = process.cpuUsage()
    for (const field of propertiesOf(route.body)) {
      const answer = await sendBody(route, { eventType: 'x', [field]: text })
      expectProblem(answer, 'invalid-request')
    }
    const { user, system } = process.cpuUsage(startedCpu)
    expect((user + system) / 1_000).toBeLessThan(400)
  })

  test('the errors of one answer are as many as somebody reads', async () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`k${i}`, i]))
    const answer = await sendBody(routeAt('/event'), { eventType: 'x', ...many })
    expectProblem(answer, 'invalid-request')
    expect(pointersOf(answer)).toHaveLength(20)
  })
})

const isDemanded = ({ body }: Route, field: string): boolean =>
  schemaOf(body).required?.includes(field) ?? false

function routeAt(path: string): Route {
  const route = ROUTES.find((one) => one.path === path)
  if (!route) throw new Error(`no route has the path ${path}`)
  return route
}

function never(): never {
  throw new Error('it was not answered')
}
