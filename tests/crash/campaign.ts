// One database, many lives of the server: each begins on what the one before left, is checked,
// loaded and killed. What had no answer in one life is repeated in the next.
import { play, settle } from './actors.ts'
import { check, type Unanswered } from './check.ts'
import { type Program, placeOfDeath, type Server, type Settings } from './child.ts'
import { createClient } from './client.ts'
import type { Kill } from './kills.ts'
import { type DatabaseName, FRESH, type Staging, setTheStage } from './staging.ts'
import { attach } from './strace.ts'

export type Report = {
  /** How many kills happened at which step. */
  readonly kills: Readonly<Record<string, number>>
  readonly done: number
  readonly refused: number
  readonly repeats: number
  /** Writes that a kill left without an answer: they turned out to be in the books, or not. */
  readonly unanswered: Unanswered
  readonly readyMsMax: number
  readonly violations: readonly string[]
}

export type CampaignSettings = {
  readonly database: DatabaseName
  readonly run: number
  readonly kills: readonly Kill[]
  /** `BROKEN_BUILD`, for example. */
  readonly settings?: Settings
}

/** Does all `kills`, one after the other, and a life at the end that is stopped as operators do. */
export async function campaign(of: CampaignSettings): Promise<Report> {
  const staging = await setTheStage({ fresh: FRESH[of.database] }, of.run)
  const kills: Record<string, number> = {}
  const unanswered = { there: 0, absent: 0 }
  let readyMsMax = 0
  const start = async (): Promise<Server> => {
    const server = await staging.start(of.settings)
    readyMsMax = Math.max(readyMsMax, server.readyMs)
    const { there, absent } = await check(staging, server, false)
    unanswered.there += there
    unanswered.absent += absent
    return server
  }
  try {
    for (const kill of of.kills) {
      const place = await killUnderLoad(staging, await start(), kill)
      kills[place] = (kills[place] ?? 0) + 1
    }
    await finish(staging, await start())
    return { kills, unanswered, readyMsMax: Math.round(readyMsMax), ...tally(staging) }
  } finally {
    await staging.dispose()
  }
}

function tally({ stage }: Staging) {
  const { entries, violations } = stage.journal
  const count = (verdict: string) => entries.filter((entry) => entry.verdict === verdict).length
  return {
    done: count('done'),
    refused: count('refused'),
    repeats: entries.reduce((sum, { sent }) => sum + Math.max(0, sent - 1), 0),
    violations,
  }
}

/** A step that is not reached in this time is not reached at all. */
const LIFE_MS_MAX = 8_000

/** Writes until the server is dead; resolves with the place where it died. */
async function killUnderLoad(staging: Staging, server: Server, kill: Kill): Promise<string> {
  const { stage, actors } = staging
  const client = createClient(server.address)
  const limit = setTimeout(() => server.kill('SIGKILL'), LIFE_MS_MAX)
  try {
    await arm(server, kill)
    await play(actors, stage, client, server.isGone)
    return await nameOfDeath(staging, server, kill)
  } finally {
    clearTimeout(limit)
    client.close()
  }
}

async function arm(server: Server, kill: Kill): Promise<void> {
  switch (kill.kind) {
    case 'at-step':
      return server.arm(`${kill.step}:${kill.nth}`)
    case 'after-ms':
      setTimeout(() => server.kill('SIGKILL'), kill.ms)
      return
    case 'at-call': {
      const { call, nth } = kill
      await attach(server.pid, [`trace=${call}`, `inject=${call}:signal=SIGKILL:when=${nth}`])
    }
  }
}

async function nameOfDeath({ stage }: Staging, server: Server, kill: Kill): Promise<string> {
  const ending = await server.gone
  const { code, signal } = ending
  if (signal !== 'SIGKILL') {
    const end = `${code ?? signal}: ${server.complaints()}`
    stage.journal.violation(`the server ended by itself with ${end}`)
  }
  switch (kill.kind) {
    case 'at-step':
      return placeOfDeath(ending) ?? `${kill.step} was not reached`
    case 'after-ms':
      return 'any moment'
    case 'at-call':
      return `inside ${kill.call}`
  }
}

/** Repeats all that is open, checks, and stops the server as an operator does. */
export async function finish(staging: Staging, server: Program): Promise<void> {
  const { stage, actors } = staging
  const client = createClient(server.address)
  await settle(actors, client)
  await check(staging, server, true)
  server.kill('SIGTERM')
  const { code } = await server.gone
  client.close()
  if (code !== 0) stage.journal.violation(`a graceful stop ended with ${code}`)
}

const SURVEY_MS = 700

/** How often each step is reached when nothing is killed. */
export async function survey(
  database: DatabaseName,
  run: number,
): Promise<Readonly<Record<string, number>>> {
  const staging = await setTheStage({ fresh: FRESH[database] }, run)
  try {
    const server = await staging.start()
    const client = createClient(server.address)
    const untilMs = performance.now() + SURVEY_MS
    await play(staging.actors, staging.stage, client, () => performance.now() > untilMs)
    client.close()
    return await server.steps()
  } finally {
    await staging.dispose()
  }
}
