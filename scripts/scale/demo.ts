// npm run scale:demo: the simulated game on the cluster, with the live tables on top, until Ctrl-C.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { Engines } from './engines.ts'

/** A game that nobody waits for the end of. */
const MINUTES = '10000'

/** @returns the exit code of the game: 1 when a number was another than it must be */
export async function playDemo(engines: Engines): Promise<number> {
  const [program, words, env] = engines.command
  const start = (more: readonly string[], shown: 'inherit' | 'pipe'): ChildProcess =>
    // In a group of its own: a Ctrl-C reaches it once, through us, since a second one is no request.
    spawn(program, [...words, ...more], {
      env: { ...env },
      stdio: ['ignore', shown, 'inherit'],
      detached: true,
    })
  const game = start(
    ['simulate', '--to', engines.urls[0], '--minutes', MINUTES, '--only-minutes', '--wait', '150'],
    'pipe',
  )
  const tables = start(['kpi', '--follow', '--app', 'simulation', '--minutes', '5'], 'inherit')
  const said = game.stdout === null ? Promise.resolve('') : text(game.stdout)
  const ended = once(game, 'exit')
  const tablesEnded = once(tables, 'exit')
  let isEnding = false
  const end = (): void => {
    // The second one does not wait for the minutes.
    game.kill(isEnding ? 'SIGKILL' : 'SIGINT')
    tables.kill('SIGINT')
    if (!isEnding) process.stderr.write('\nThe game ends; its last minutes are being counted …\n')
    isEnding = true
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  const [code] = await ended
  tables.kill('SIGINT')
  await tablesEnded
  process.off('SIGINT', end)
  process.off('SIGTERM', end)
  process.stdout.write(await said)
  return typeof code === 'number' ? code : 1
}
