import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { scaleSettings } from '../../scripts/scale/settings.ts'
import { readDockerfile } from '../deploy/dockerfile.ts'
import { documentedSettings, ROOT, repositoryFile } from '../deploy/repository.ts'
import { type ChartTools, chartTools, hasChartTools } from './chart-tools.ts'

const MINUTES = 60_000
const CHART = join(ROOT, 'deploy/helm/questline')
const KAFKA = { 'settings.KAFKA_BROKERS': 'kafka:9092' }
const EVERYTHING = {
  ...KAFKA,
  ...{ 'ingress.enabled': 'true', 'ingress.className': 'nginx', 'ingress.tlsSecret': 'tls' },
  ...{ 'autoscaling.enabled': 'true', 'files.storageClass': 'shared', 'image.tag': '9.9.9' },
}

type Resource = {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly image: string
          readonly command?: readonly string[]
          readonly args?: readonly string[]
        }[]
      }
    }
  }
  readonly data?: Readonly<Record<string, string>>
}

/** Building Helm takes minutes: not in `npm test`. */
const isAsked = process.env['SCALE_DIR'] !== undefined
const NAME = !isAsked
  ? 'the chart (skipped: npm run test:scale reads it)'
  : hasChartTools()
    ? 'the chart'
    : 'the chart (skipped: there is no Go, or no Python with pip, to read it)'

describe.skipIf(NAME !== 'the chart')(NAME, () => {
  let tools: ChartTools
  const resources = (values: Readonly<Record<string, string>>): Resource[] =>
    parseAllDocuments(tools.template(values)).map((document) => document.toJS())
  beforeAll(() => {
    tools = chartTools(CHART, scaleSettings(process.env).cacheFolder)
  }, 20 * MINUTES)

  it('passes the strict linter of Helm', () => {
    expect(tools.lint()).toContain('0 chart(s) failed')
  })

  it.each([
    ['as it stands', {}],
    ['with Kafka', KAFKA],
    ['with everything switched on', EVERYTHING],
  ])('is valid for Kubernetes %s', (_, values) => {
    expect(tools.faultsOf(tools.template(values))).toBe('')
  })

  it.each([
    ['a misspelt field', 'replicas: 2', 'replica: 2'],
    [
      'a value of the wrong type',
      'readOnlyRootFilesystem: true',
      'readOnlyRootFilesystem: yes please',
    ],
    ['an unknown kind', 'kind: Service', 'kind: Servant'],
  ])('would be found with %s', (_, from, to) => {
    const text = tools.template(KAFKA)
    expect(text).toContain(from)
    expect(tools.faultsOf(text.replace(from, to))).not.toBe('')
  })

  it('runs a relay only where there is a Kafka', () => {
    const names = (values: Readonly<Record<string, string>>) =>
      resources(values).flatMap(({ kind, metadata }) =>
        kind === 'Deployment' ? [metadata.name.replace('questline-', '')] : [],
      )
    expect(names(KAFKA)).toEqual(['api', 'lake', 'quality', 'relay', 'reports'])
    expect(names({})).toEqual(['api', 'lake', 'quality', 'reports'])
  })

  it('starts nodes as the image does, and knows only documented settings', () => {
    const { environment } = readDockerfile(repositoryFile('Dockerfile'))
    const known = documentedSettings()
    for (const { kind, spec, data } of resources(EVERYTHING)) {
      if (kind === 'Deployment') {
        const [container] = spec.template.spec.containers
        expect(container).toMatchObject({ image: 'questline:9.9.9' })
        expect([container?.command, container?.args]).toEqual([undefined, undefined])
      }
      if (kind !== 'ConfigMap') continue
      expect(Object.keys(data ?? {}).filter((name) => !known.has(name))).toEqual([])
      expect(data).toMatchObject({
        DATA_DIR: environment['DATA_DIR'],
        REPORTS_DIR: environment['REPORTS_DIR'],
      })
    }
  })
})
