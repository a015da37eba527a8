import type { Reporter, TestModule } from 'vitest/node'

export type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number }

/**
 * Ends a run with one line that machines read: `N passed, N failed, N skipped`. What failed outside
 * of a test (a file that does not load, a hook, an error that nobody caught) counts as one failure
 * each, so that a red run never says `0 failed`.
 */
export const countingReporter: Reporter = {
  onTestRunEnd(modules, unhandledErrors, reason) {
    const counts = countTests(modules)
    const failed = Math.max(counts.failed + unhandledErrors.length, reason === 'passed' ? 0 : 1)
    process.stdout.write(`\n${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped\n`)
  },
}

export function countTests(modules: readonly TestModule[]): Counts {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const module of modules) {
    counts.failed += module.errors().length
    for (const suite of module.children.allSuites()) counts.failed += suite.errors().length
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      // Pending: the run was interrupted before this test had a result.
      counts[state === 'pending' ? 'failed' : state] += 1
    }
  }
  return counts
}
