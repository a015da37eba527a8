import { expect, it } from 'vitest'
import { measureRuns } from './measure.ts'
import { createMetrics } from './platform/platform.ts'

it('the run in progress is measured while it lasts, and the last one after it', async () => {
  let ms = 5_000
  const metrics = createMetrics()
  const runs = measureRuns(metrics, () => ms)
  const shown = async () =>
    Number(/^questline_reports_run_seconds (\S+)$/m.exec(await metrics.text())?.[1])
  expect(await shown()).toBe(0)

  const end = runs.begin()
  ms += 700_000
  expect(await shown()).toBe(700)
  ms += 1_000
  end()
  ms += 60_000
  expect(await shown()).toBe(701)
})
