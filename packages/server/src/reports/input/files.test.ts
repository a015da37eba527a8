import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findFiles } from './files.ts'
import { InputError } from './input-error.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const ALL = ['purchases_raw.csv', 'confirmed_purchases.csv', 'costs_daily.csv', 'sessions.csv']
const put = (...names: string[]): void => {
  for (const name of names) writeFileSync(join(folder, name), 'a\n')
}

describe('the files of the reports', () => {
  it('are found by name', async () => {
    put(...ALL, 'purchases.csv', 'notes.txt')
    expect(await findFiles(folder)).toEqual({
      purchases: join(folder, 'purchases_raw.csv'),
      confirmed: join(folder, 'confirmed_purchases.csv'),
      costs: join(folder, 'costs_daily.csv'),
      sessions: join(folder, 'sessions.csv'),
    })
  })

  it('may have purchases.csv in place of purchases_raw.csv', async () => {
    put(...ALL.slice(1), 'purchases.csv')
    expect((await findFiles(folder)).purchases).toBe(join(folder, 'purchases.csv'))
  })

  it('that are missing are all named, with what the folder holds', async () => {
    put('Sessions.csv', 'costs_daily.csv')
    await expect(findFiles(folder)).rejects.toThrow(
      new InputError(
        `${folder} lacks purchases_raw.csv or purchases.csv, confirmed_purchases.csv, ` +
          'sessions.csv; it holds "Sessions.csv", "costs_daily.csv"',
      ),
    )
  })

  it('are missing in a folder that is empty, is none, or does not exist', async () => {
    await expect(findFiles(folder)).rejects.toThrow('it is empty')
    put('file')
    await expect(findFiles(join(folder, 'file'))).rejects.toThrow(/file is no folder/)
    await expect(findFiles(join(folder, 'none'))).rejects.toThrow('it does not exist')
    await expect(findFiles(join(folder, 'none'))).rejects.toBeInstanceOf(InputError)
  })

  it('cannot be a folder, or a link to nothing or to itself', async () => {
    const sessions = join(folder, 'sessions.csv')
    put(...ALL.slice(0, 3))
    mkdirSync(sessions)
    await expect(findFiles(folder)).rejects.toThrow(`${sessions} cannot be read: it is a folder`)
    rmSync(sessions, { recursive: true })
    symlinkSync('none', sessions)
    await expect(findFiles(folder)).rejects.toThrow(`${sessions} cannot be read: it does not exist`)
    rmSync(sessions)
    symlinkSync('sessions.csv', sessions)
    await expect(findFiles(folder)).rejects.toThrow('a link that leads back to itself')
  })

  // Root may read whatever the permissions say.
  it.skipIf(process.getuid?.() === 0)('must be readable (skipped: run as root)', async () => {
    put(...ALL)
    chmodSync(join(folder, 'costs_daily.csv'), 0o000)
    await expect(findFiles(folder)).rejects.toThrow('permission denied')
  })
})
