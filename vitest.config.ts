import { defineConfig } from 'vitest/config'
import { countingReporter } from './tests/counting-reporter.ts'

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'bench/**'],
    globalSetup: ['tests/database-setup.ts'],
    reporters: ['default', countingReporter],
    pool: 'forks',
    // Two real databases and the processes under test share the machine with the tests.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
  },
})
