// One key, one effect. Names an intent by (caller, method, route, key), tells a repeat from another
// request by its fingerprint, knows what is in flight, and remembers refusals for a day.
// The effect itself bears the key for ever: in its ledger entry or its row of the log.
export { createInFlight, type InFlight } from './in-flight.ts'
export { createIntent, type Intent, keyOf, readKey } from './intent.ts'
export {
  createRefusalSweep,
  findRefusals,
  type Refusal,
  refusalFor,
  rememberRefusals,
} from './refusals.ts'
