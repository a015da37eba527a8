// The event catalogue: one file per family with its fields, limits, version and example; what stands
// around them on the wire; and what can become of an event. Schemas, documentation, validators and
// the SDK's types are made from these files, and from nothing else.
export * from './currency-codes.ts'
export {
  ENVELOPE,
  type Envelope,
  EVENT_ID,
  type JsonValue,
  PLATFORMS,
  type Platform,
  PlatformName,
} from './envelope.ts'
export type { DropReason } from './families/sdk-health.ts'
export * from './families.ts'
export type { EventFamily, Version } from './family.ts'
export * from './instant.ts'
export * from './raw-game-event.ts'
export * from './verdicts.ts'
