import { validate } from 'dockerfile-utils'
import { expect, it } from 'vitest'
import { repositoryFile } from './repository.ts'

const TEXT = repositoryFile('deploy/flink/Dockerfile')
const poms = repositoryFile('deploy/engines/pom.xml')
const flinkPom = repositoryFile('deploy/engines/flink/pom.xml')

it('the image of Flink has the version and the connectors that the tests run on', () => {
  expect(validate(TEXT).map(({ message }) => message)).toEqual([])
  expect(validate(TEXT.replace('WORKDIR', 'WORKDIRS'))).not.toEqual([])
  const [, version] = /<flink\.version>([^<]+)</.exec(poms) ?? []
  expect(TEXT).toContain(`FROM flink:${version}-java17`)
  const [, names = ''] = /-DincludeArtifactIds=(\S+)/.exec(TEXT) ?? []
  const connectors = names.split(',')
  expect(connectors).toHaveLength(5)
  for (const name of connectors) expect(flinkPom).toContain(`<artifactId>${name}</artifactId>`)
})
