import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, type Running } from './processes.ts'
import type { Ports } from './settings.ts'

/** What was started in a folder, in the order of starting, and where it listens. */
export type State = {
  readonly ports: Ports
  readonly processes: readonly ({ readonly name: string } & Running)[]
}

const fileOf = (folder: string): string => join(folder, 'state.json')

/** Null when nothing was started there, or all was stopped again. */
export function readState(folder: string): State | null {
  const file = fileOf(folder)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null
}

export function writeState(folder: string, state: State): void {
  mkdirSync(folder, { recursive: true })
  const file = fileOf(folder)
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`)
  renameSync(`${file}.new`, file)
}

export const removeState = (folder: string): void => rmSync(fileOf(folder), { force: true })

/** The process of that name, if it is still the one that was started. */
export const runningOf = (state: State | null, name: string): Running | null =>
  state?.processes.find((each) => each.name === name && isAlive(each)) ?? null
