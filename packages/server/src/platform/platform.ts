// What every folder stands on: time, randomness, logging, start and stop. Knows no word of the business.
// Time, randomness and ids come from here and are passed in, so that tests can set them.
export * from './clock.ts'
export type { KafkaSecurity } from './kafka-security.ts'
export * from './lifecycle.ts'
export * from './logger.ts'
export * from './metrics.ts'
export * from './random.ts'
export * from './rate-limit.ts'
