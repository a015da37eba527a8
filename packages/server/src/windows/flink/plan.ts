import { FlinkError } from './ask.ts'

/**
 * Operators that keep rows until a window closes and then drop them, or keep none. Any other would
 * grow for as long as the job runs, which is for ever.
 */
const BOUNDED: readonly string[] = [
  ...['Calc', 'Correlate', 'Exchange', 'Expand', 'Reused', 'Sink', 'TableSourceScan', 'Union'],
  ...['WatermarkAssigner', 'WindowAggregate', 'WindowDeduplicate', 'WindowTableFunction'],
  ...['LocalWindowAggregate', 'GlobalWindowAggregate'],
]

/** What is run; before it EXPLAIN prints what was asked for. */
export const optimizedOf = (plan: string): string =>
  plan.slice(Math.max(0, plan.indexOf('== Optimized Execution Plan ==')))

/** The operators of a plan as EXPLAIN prints it, each once. */
export function operatorsOf(plan: string): readonly string[] {
  const names = [...optimizedOf(plan).matchAll(/^[\s:|+-]*([A-Z]\w+)\(/gm)].map(
    ([, name = '']) => name,
  )
  return [...new Set(names)].sort()
}

/** Operators of a streaming plan whose state has no bound; none when it may run. */
export const unboundedIn = (plan: string): readonly string[] =>
  operatorsOf(plan).filter((name) => !BOUNDED.includes(name))

/** @throws FlinkError for a plan that would keep rows for ever, or that is none */
export function checkPlan(plan: string): void {
  if (!operatorsOf(plan).some((name) => name.endsWith('WindowAggregate'))) {
    throw new FlinkError('the plan counts no windows')
  }
  const unbounded = unboundedIn(plan)
  if (unbounded.length > 0) {
    throw new FlinkError(
      `the plan keeps rows for ever (${unbounded.join(', ')}): the memory of the job would grow until it ends`,
    )
  }
}
