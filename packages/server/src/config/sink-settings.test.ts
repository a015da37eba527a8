import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createReader } from './reader.ts'
import { readForwardSettings, readPrivateKey } from './sink-settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'questline-keys-'))
afterAll(() => rmSync(folder, { recursive: true }))

const read = (env: Readonly<Record<string, string>>) => {
  const reader = createReader(env)
  return { settings: readForwardSettings(reader), faults: reader.faults }
}
function keyFile(name: string, bits: number, passphrase?: string): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits })
  const file = join(folder, name)
  const cipher = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher }))
  return file
}
const snowflake = (changes: Readonly<Record<string, string>> = {}) => ({
  FORWARD: 'snowflake',
  SNOWFLAKE_ACCOUNT_URL: 'https://myorg-games.snowflakecomputing.com',
  SNOWFLAKE_USER: 'questline',
  SNOWFLAKE_PRIVATE_KEY_FILE: keyFile('key.pem', 2_048),
  SNOWFLAKE_DATABASE: 'GAMES',
  ...changes,
})

describe('where events are forwarded to', () => {
  it('is nowhere, or what is set for Firehose, unless it is said', () => {
    expect(read({}).settings).toEqual({ kind: 'off' })
    expect(read({ MOCK_FIREHOSE: 'on' }).settings).toMatchObject({ kind: 'mock' })
    const stream = { FIREHOSE_STREAM_NAME: 's', AWS_REGION: 'eu-central-1' }
    expect(read(stream).settings).toMatchObject({ kind: 'firehose', stream: 's' })
    expect(read({ ...stream, FORWARD: 'off' }).settings).toEqual({ kind: 'off' })
    expect(read({ FORWARD: 'firehose' }).faults).toEqual([
      'FIREHOSE_STREAM_NAME: is needed for FORWARD=firehose',
    ])
  })

  it('is Snowflake, whose account its host names', () => {
    const { settings, faults } = read(snowflake())
    expect(faults).toEqual([])
    expect(settings).toMatchObject({
      ...{ kind: 'snowflake', account: 'myorg-games', database: 'GAMES', schema: 'PUBLIC' },
      ...{ pipe: 'GAME_EVENTS-STREAMING', channel: 'questline' },
    })
    const url = 'https://xy12345.eu-central-1.aws.snowflakecomputing.com'
    expect(read(snowflake({ SNOWFLAKE_ACCOUNT_URL: url })).settings).toMatchObject({
      account: 'xy12345',
    })
  })

  it('tells all faults of Snowflake at once', () => {
    expect(read({ FORWARD: 'snowflake', SNOWFLAKE_CHANNEL: 'a b' }).faults).toEqual([
      'SNOWFLAKE_ACCOUNT_URL: is needed for FORWARD=snowflake',
      'SNOWFLAKE_USER: is needed for FORWARD=snowflake',
      'SNOWFLAKE_PRIVATE_KEY_FILE: is needed for FORWARD=snowflake',
      'SNOWFLAKE_DATABASE: is needed for FORWARD=snowflake',
      'SNOWFLAKE_CHANNEL: has more than letters, digits, ".", "_" and "-"',
    ])
  })

  it.each([
    ['http://myorg-games.snowflakecomputing.com', 'is not https://'],
    ['https://myorg-games.snowflakecomputing.com/console', 'is not https://'],
    ['myorg-games', 'is not https://'],
  ])('refuses %s as the URL of an account', (url, fault) => {
    expect(read(snowflake({ SNOWFLAKE_ACCOUNT_URL: url })).faults.join()).toContain(fault)
  })

  it('takes an encrypted key with its passphrase, and tells nothing of either when they do not fit', () => {
    const file = keyFile('encrypted.pem', 2_048, 'open sesame')
    const given = { SNOWFLAKE_PRIVATE_KEY_FILE: file }
    const right = { ...given, SNOWFLAKE_PRIVATE_KEY_PASSPHRASE: 'open sesame' }
    expect(read(snowflake(right)).faults).toEqual([])
    expect(readPrivateKey(file, 'open sesame').asymmetricKeyType).toBe('rsa')
    const wrong = { ...given, SNOWFLAKE_PRIVATE_KEY_PASSPHRASE: 'close sesame' }
    for (const each of [given, wrong]) {
      const { faults } = read(snowflake(each))
      expect(faults).toHaveLength(1)
      expect(faults[0]).toMatch(/^SNOWFLAKE_PRIVATE_KEY_FILE: .* is no private key in PEM form/)
      expect(faults[0]).not.toContain('sesame')
    }
  })

  it.each([
    ['a short key', () => keyFile('short.pem', 1_024), 'has 1024 bits'],
    ['no file', () => join(folder, 'none.pem'), 'there is no file'],
  ])('refuses %s', (_name, file, fault) => {
    const { faults } = read(snowflake({ SNOWFLAKE_PRIVATE_KEY_FILE: file() }))
    expect(faults.join()).toContain(fault)
  })
})
