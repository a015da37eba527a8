// Preloaded into a process: at its end it says on stderr which modules it has loaded.
import { registerHooks } from 'node:module'

const loaded: string[] = []
registerHooks({
  load(url, context, next) {
    loaded.push(url)
    return next(url, context)
  },
})
process.on('exit', () => process.stderr.write(`loaded ${JSON.stringify(loaded)}\n`))
