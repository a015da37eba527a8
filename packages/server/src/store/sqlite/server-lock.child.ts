// A process that claims the file it is told and lives until it is killed. For the test of the claim.
import { claimServer } from './server-lock.ts'

claimServer(process.argv[2] ?? '')
process.send?.('claimed')
setInterval(() => undefined, 60_000)
