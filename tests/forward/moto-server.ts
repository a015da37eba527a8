import { spawn, spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../free-port.ts'

/** A Python that may have moto: `MOTO_PYTHON`, or the one that is found. */
const python = process.env['MOTO_PYTHON'] ?? 'python3'

/** Whether moto's server can be started here. */
export const hasMoto = (): boolean =>
  spawnSync(python, ['-c', 'import moto.server'], { timeout: 30_000 }).status === 0

/** moto's own imitation of AWS, on this machine only. */
export async function startMoto() {
  const port = await freePort()
  const child = spawn(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
  })
  const url = `http://127.0.0.1:${port}`
  const answers = async (): Promise<boolean> =>
    fetch(url).then(
      () => true,
      () => false,
    )
  for (let waitedMs = 0; !(await answers()); waitedMs += 200) {
    if (child.exitCode !== null || waitedMs > 60_000) throw new Error('moto does not answer')
    await sleep(200)
  }
  return {
    url,
    close: (): Promise<void> =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.kill('SIGKILL')
      }),
  }
}
