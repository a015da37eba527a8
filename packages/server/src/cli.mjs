#!/bin/sh
':' /*
# A script to a shell, which hands over to Node; an unused string and a comment to Node itself. So the
# command finds the Node that npm has installed with it, wherever it is called from and however old
# the system's own is.
# A young generation of 8 MB: at most 201 MB of memory under earns and 155 under balance reads; with
# 16 MB it is 212 and 170. CPU time is the same within the noise (74 and 72 µs an earn, a busy core).
flags='--disable-proto=delete --max-semi-space-size=8'
self=$(readlink -f -- "$0")
folder=${self%/*}
while [ -n "$folder" ]; do
  node=$folder/node_modules/node/bin/node
  if [ -x "$node" ]; then
    # What Node makes of our files is kept, for threads and children too: whatever finds it does not
    # load the 18 MB that take TypeScript off. Not in a shared folder, since what lies here is code.
    export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE-$folder/node_modules/.cache/questline}"
    exec "$node" $flags "$self" "$@"
  fi
  folder=${folder%/*}
done
version=$(node --version 2>&1) || version='none on the PATH'
case $version in
  v2[6-9].*|v[3-9][0-9].*) exec node $flags "$self" "$@" ;;
esac
echo "questline needs Node 26 or newer; found: $version. Run npm ci, which installs it." >&2
exit 2
*/

import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// The command is cli.ts, a link to this file. For an entry that ends in .ts Node loads its compiler, which
// takes 46 of the 115 ms of CPU of a --help; all else comes from the cache below. So nothing here is typed.
const words = process.argv.slice(2)
const installed = join(import.meta.dirname, '../../../node_modules')
// Where no shell has set it: saves 0.12 of the 0.29 s of CPU that an audit of empty books takes. A server
// that was started so, as in the image, writes nowhere but to its DATA_DIR.
if (words[0] !== 'start' && existsSync(installed)) {
  enableCompileCache(join(installed, '.cache/questline'))
}
const { runCommand } = await import('./cli/run-command.ts')
await runCommand(words)
