import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Plugin, rolldown } from 'rolldown'
import { bundle, ENTRIES } from '../../packages/sdk/scripts/build.ts'
import { type Figure, spread } from '../harness/harness.ts'
import { wanted } from './install.ts'

/** What the telemetry entry point may weigh, and each of the others. */
const MAIN_BYTES_MAX = 6 * 1_024
const ENTRY = join(import.meta.dirname, 'imports-an-sdk.js')
const ENTRY_BYTES_MAX = 2 * 1_024

/**
 * Bytes of each entry of ours and of the others, minified by the same tool and compressed. Of the others
 * by the name of the package: the line of code with which a game takes what it needs.
 */
export async function sizeFigures(
  others: Readonly<Record<string, string>>,
): Promise<readonly Figure[]> {
  const ours = ENTRIES.map(async (entry) => {
    const target = entry.name === '.' ? MAIN_BYTES_MAX : ENTRY_BYTES_MAX
    const code = await bundle(entry, true)
    return figure(`@questline/sdk ${entry.name}`, code, { better: 'lower', target })
  })
  const theirs = Object.entries(others).map(async ([name, source]) => {
    const build = await rolldown({
      input: ENTRY,
      cwd: import.meta.dirname,
      platform: name === '@segment/analytics-node' ? 'node' : 'browser',
      onLog: () => undefined,
      plugins: [entryOf(source)],
    })
    const { output } = await build.generate({ format: 'esm', minify: true })
    await build.close()
    return figure(`${name} ${wanted()[name] ?? ''}`, output[0].code)
  })
  return Promise.all([...ours, ...theirs])
}

/** A file of that one line, which need not lie anywhere. */
const entryOf = (source: string): Plugin => ({
  name: 'entry',
  resolveId: (id) => (id === ENTRY ? ENTRY : undefined),
  load: (id) => (id === ENTRY ? source : undefined),
})

function figure(name: string, code: string, aim?: Figure['aim']): Figure {
  const { length } = gzipSync(code, { level: 9 })
  const notes = [`${Buffer.byteLength(code).toLocaleString('en-US')} bytes minified`]
  return { name: `size of ${name}`, unit: 'bytes', ...spread([length]), notes, ...(aim && { aim }) }
}
