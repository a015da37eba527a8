import { defineConfig } from 'vitest/config'
import { countingReporter } from './tests/counting-reporter.ts'

// What needs the cluster that `npm run test:scale` starts: one file after the other, since they kill it.
export default defineConfig({
  test: {
    // The others of tests/scale need PostgreSQL only, and are run by `npm test`.
    include: ['tests/scale/{chart,conformance,flink,kafka,kafka-contract,secured-kafka}.test.ts'],
    globalSetup: ['tests/database-setup.ts'],
    reporters: ['default', countingReporter],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
  },
})
