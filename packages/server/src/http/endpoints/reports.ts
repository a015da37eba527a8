import { REPORTS } from '@questline/contracts'
import { endpoint, ok } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'
import { REPORT_FILES } from '../report-files.ts'

export const reports = ({ reports }: EndpointParts) =>
  endpoint(REPORTS, async () => {
    const newest = await reports.newest()
    const date = newest?.date ?? null
    return ok({
      run: newest?.run ?? null,
      date,
      finished_at: newest?.finished_at ?? null,
      reports: REPORT_FILES.map(({ name, about, types }) => ({
        name,
        about,
        types,
        date,
        href: newest ? `/reports/${name}` : null,
      })),
    })
  })
