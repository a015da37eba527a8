// A process that claims the file it is told and lives as long as its parent. For the test of the claim.
import { claimServer } from './server-lock.ts'

claimServer(process.argv[2] ?? '')
process.send?.('claimed')
process.on('disconnect', () => process.exit())
