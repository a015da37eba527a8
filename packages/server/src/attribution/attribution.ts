// Where players come from: the postbacks of an attribution provider and opened deeplinks.
// An accepted postback is on disk as it came, together with its event, in one commit; the same one
// again changes nothing and gets the first answer. Whatever proves a postback is a verifier here.
export {
  type Attribution,
  type AttributionParts,
  type AttributionSettings,
  createAttribution,
  type IncomingPostback,
  type ReceivedPostback,
} from './create-attribution.ts'
export type { DeeplinkOpen } from './deeplinks.ts'
export type { AppendToLog } from './postbacks.ts'
export { type VerifiedPostback, verifiedPostbacks } from './verified-postbacks.ts'
export { type Delivery, isAddressRange, type VerifierSettings } from './verifiers.ts'
