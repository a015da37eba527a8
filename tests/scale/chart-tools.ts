// Helm and kubeconform, built through Go's module proxy, and the schemas of Kubernetes from a wheel:
// what reads the chart is what a cluster's own tools read it with. All of it stays in the cache.
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

const HELM = 'helm.sh/helm/v3/cmd/helm@v3.22.0'
const KUBECONFORM = 'github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0'
const SCHEMAS = 'kubernetes-validate==1.37.0'
/** Of the schemas: nothing in the chart is newer. */
const KUBERNETES = '1.34.0'
/** What the chart makes; each file takes a megabyte, since it holds all definitions. */
const KINDS = [
  ...['configmap-v1', 'deployment-apps-v1', 'horizontalpodautoscaler-autoscaling-v2'],
  ...['ingress-networking-v1', 'job-batch-v1', 'persistentvolumeclaim-v1'],
  ...['poddisruptionbudget-policy-v1', 'service-v1'],
]

export type ChartTools = {
  /** The chart as YAML, with some values changed. */
  template(values: Readonly<Record<string, string>>): string
  lint(): string
  /** What the schemas say against these resources; empty when nothing. */
  faultsOf(resources: string): string
}

export const hasChartTools = (): boolean =>
  [
    ['go', 'version'],
    ['python3', '-m', 'pip', '--version'],
  ].every(([command = '', ...args]) => spawnSync(command, args).status === 0)

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    ...{ encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 },
  })
  if (error || status !== 0) {
    throw new Error(`${command} ${args.join(' ')}\n${error?.message ?? `${stdout}${stderr}`}`)
  }
  return stdout
}

export function chartTools(chart: string, cache: string): ChartTools {
  const bin = join(cache, 'go-bin')
  for (const [name, module] of [
    ['helm', HELM],
    ['kubeconform', KUBECONFORM],
  ] as const) {
    const named = join(bin, module.replaceAll(/[^a-z0-9.]+/g, '-'))
    if (!existsSync(named)) {
      run('go', ['install', module], { GOBIN: bin, GOFLAGS: '-mod=mod' })
      renameSync(join(bin, name), named)
    }
  }
  const program = (module: string): string => join(bin, module.replaceAll(/[^a-z0-9.]+/g, '-'))
  const schemas = fetchSchemas(cache)
  return {
    lint: () => run(program(HELM), ['lint', '--strict', chart]),
    template: (values) =>
      run(program(HELM), [
        ...['template', 'questline', chart, '--kube-version', KUBERNETES],
        ...Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
      ]),
    faultsOf(resources) {
      const { stdout, stderr } = spawnSync(
        program(KUBECONFORM),
        [
          ...['-strict', '-schema-location'],
          join(schemas, '{{ .ResourceKind }}{{ .KindSuffix }}.json'),
        ],
        { input: resources, encoding: 'utf8' },
      )
      return `${stdout}${stderr}`.trim()
    },
  }
}

/** One file for each kind, with the definitions that it refers to within it. */
function fetchSchemas(cache: string): string {
  const folder = join(cache, `schemas-${SCHEMAS.replace('==', '-')}-${KUBERNETES}`)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  const partial = mkdtempSync(`${folder}.partial-`)
  const wheel = join(partial, 'wheel')
  run('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', wheel, SCHEMAS])
  const [file = ''] = readdirSync(wheel)
  run('python3', ['-m', 'zipfile', '-e', join(wheel, file), wheel])
  const strict = join(
    ...[wheel, 'kubernetes_validate', 'kubernetes-json-schema'],
    `v${KUBERNETES}-local-strict`,
  )
  const within = (name: string): Readonly<Record<string, unknown>> =>
    JSON.parse(readFileSync(join(strict, name), 'utf8').replaceAll('/api/_definitions.json#', '#'))
  const { $defs } = within('_definitions.json')
  const made = join(partial, 'made')
  mkdirSync(made)
  for (const kind of KINDS) {
    const name = `${kind}.json`
    const { $id: _, ...schema } = within(name)
    writeFileSync(join(made, name), JSON.stringify({ ...schema, $defs }))
  }
  if (!existsSync(folder)) renameSync(made, folder)
  rmSync(partial, { recursive: true, force: true })
  return folder
}
