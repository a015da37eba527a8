// What a server does beside answering: it lets go of what has expired, is counted by the other
// nodes, and audits the books bit by bit. A round that fails is logged and the next one tries again.
export { openNodes, startBeats } from './beats.ts'
export { startSweeps } from './sweeps.ts'
export { watchLedger } from './watch-ledger.ts'
