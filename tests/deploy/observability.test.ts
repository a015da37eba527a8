import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parser } from '@prometheus-io/lezer-promql'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { freshSqlite } from '../database.ts'
import { startServer } from '../http/server.ts'
import { ROOT, repositoryFile } from './repository.ts'

type Rule = {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string }
}
type Panel = {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly datasource?: { readonly uid: string }
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[]
}

const alerts: { readonly groups: readonly { readonly rules: readonly Rule[] }[] } = parse(
  repositoryFile('deploy/prometheus/alerts.yml'),
)
const rules = alerts.groups.flatMap((group) => group.rules)
const dashboard: { readonly panels: readonly Panel[] } = JSON.parse(
  repositoryFile('deploy/grafana/dashboards/questline.json'),
)
const charts = dashboard.panels.filter(({ type }) => type !== 'row')
const queries = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...charts.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
]

/** Where PromQL's own grammar stumbles. Grafana's variables stand for durations. */
function faultsOf(query: string): readonly string[] {
  const text = query.replaceAll('$__rate_interval', '1m')
  const faults: string[] = []
  parser.parse(text).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) faults.push(`${from}: ${text.slice(from, to + 10)}`)
    },
  })
  return faults
}

const metricsIn = (query: string): readonly string[] => query.match(/questline_\w+/g) ?? []

describe('what Prometheus and Grafana are given', () => {
  let shown: ReadonlySet<string>
  beforeAll(async () => {
    const server = await startServer({ name: 'sqlite', fresh: freshSqlite })
    const answer = await fetch(`${server.url}/metrics`, {
      headers: { authorization: `Bearer ${server.keys.operator}` },
    })
    const text = await answer.text()
    shown = new Set(
      [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = '', type]) =>
        type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    )
    await server.stop()
  })

  it.each(queries)('%s asks in PromQL, for what a server shows', (_, query) => {
    expect(faultsOf(query)).toEqual([])
    expect(metricsIn(query).filter((name) => !shown.has(name))).toEqual([])
  })

  it('finds a query that is none, and a metric that nobody has', () => {
    expect(faultsOf('sum(rate(questline_x[5m])')).not.toEqual([])
    expect(faultsOf('questline_x >')).not.toEqual([])
    expect(
      metricsIn('rate(questline_commit_second_sum[5m])').every((name) => shown.has(name)),
    ).toBe(false)
  })

  it('raises the alarms at the thresholds that operators were promised', () => {
    const thresholds = Object.fromEntries(
      rules.map(({ alert, expr }) => [alert, Number(/[>=]\s*([\d.]+)\s*$/.exec(expr)?.[1])]),
    )
    expect(thresholds).toMatchObject({
      ...{ RequestsAreSlow: 0.5, RequestsFail: 0.01, DatabaseConnectionsRunOut: 0.9 },
      ...{ ReportsTakeLong: 600, BalancesDiffer: 0 },
    })
    for (const { alert, annotations, labels } of rules) {
      expect(annotations.summary, alert).not.toBe('')
      expect(['warning', 'critical'], alert).toContain(labels.severity)
    }
  })

  it('watches every role of the compose file', () => {
    const prometheus = parse(repositoryFile('deploy/prometheus/prometheus.yml'))
    const names: readonly string[] = prometheus.scrape_configs[0].dns_sd_configs[0].names
    const compose = parse(repositoryFile('compose.scale.yaml'), { merge: true })
    const roles = Object.values<{ environment?: { ROLE?: string } }>(compose.services).flatMap(
      ({ environment }) => (environment?.ROLE === undefined ? [] : [environment.ROLE]),
    )
    expect(names.toSorted()).toEqual(roles.toSorted())
    expect(prometheus.rule_files).toEqual(['alerts.yml'])
  })

  it('has a dashboard whose panels have a source, an id and a place of their own', () => {
    const source = parse(repositoryFile('deploy/grafana/provisioning/datasources/prometheus.yaml'))
    const [{ uid }] = source.datasources
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
    const places = dashboard.panels.map(({ gridPos: { x, y } }) => `${x} ${y}`)
    expect(new Set(places).size).toBe(places.length)
    for (const { title, datasource, targets = [], gridPos } of charts) {
      expect(datasource?.uid, title).toBe(uid)
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24)
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length)
      expect(targets.length, title).toBeGreaterThan(0)
    }
    expect(readdirSync(join(ROOT, 'deploy/grafana/dashboards'))).toEqual(['questline.json'])
  })
})
