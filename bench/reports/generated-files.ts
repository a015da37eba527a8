import { createHash } from 'node:crypto'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateReportFiles, type Truth } from '../../packages/server/src/simulate/simulate.ts'
import type { Size } from './sizes.ts'

/** Where generated files stay for the next time: ten million purchases take minutes. */
export const CACHE = join(tmpdir(), 'questline-bench-reports')

const GENERATOR = join(import.meta.dirname, '../../packages/server/src/simulate/reports')
const SETTINGS = { seed: 'bench', traps: 'values', lastDay: '2026-03-14' } as const

export type GeneratedFiles = {
  readonly size: Size
  readonly dir: string
  readonly bytes: number
  /** What is in them, by construction. */
  readonly truth: Truth
}

/** The files of `size`, from the cache or new, and read once so that nobody is the first to read. */
export async function generatedFiles(
  size: Size,
  say: (text: string) => void,
): Promise<GeneratedFiles> {
  const dir = join(CACHE, `${size.name}-${generatorHash()}`)
  if (!existsSync(dir)) await generate(size, dir, say)
  const truth: Truth = JSON.parse(readFileSync(join(dir, TRUTH), 'utf8'))
  const files = Object.keys(truth.files)
  let bytes = 0
  for (const file of files) {
    for await (const chunk of createReadStream(join(dir, file))) bytes += chunk.length
  }
  return { size, dir, bytes, truth }
}

const TRUTH = 'truth.json'

/** Written aside: what an interrupted run leaves is no cache. */
async function generate(size: Size, dir: string, say: (text: string) => void): Promise<void> {
  say(`generating ${size.label} purchases in ${dir}`)
  const aside = `${dir}.${process.pid}`
  rmSync(aside, { recursive: true, force: true })
  mkdirSync(aside, { recursive: true })
  try {
    const truth = await generateReportFiles({ dir: aside, purchases: size.purchases, ...SETTINGS })
    await writeFile(join(aside, TRUTH), JSON.stringify(truth, null, 1))
    renameSync(aside, dir)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/** Another generator makes other files. */
function generatorHash(): string {
  const hash = createHash('sha256').update(JSON.stringify(SETTINGS))
  for (const name of readdirSync(GENERATOR).sort()) {
    hash.update(name).update(readFileSync(join(GENERATOR, name)))
  }
  return hash.digest('hex').slice(0, 12)
}
