import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { EVENT_FAMILIES } from '@questline/contracts'
import { Command } from 'commander'
import { CommandFailure } from './command-failure.ts'
import { print } from './output.ts'
import { eventsPage } from './schemas/events-page.ts'
import { parseSchema, releaseFaults, type Schemas } from './schemas/release.ts'
import { familySchema, schemaFiles } from './schemas/schema-files.ts'

type Options = { readonly write?: string | true; readonly release?: string | true }

const RELEASED = 'schemas/released'

/** Needs no settings, no database and no port. */
export const schemasCommand = (): Command =>
  new Command('schemas')
    .description("Print an event family's JSON Schema, or write all of them with their page.")
    .argument('[family]', 'the family to print, as `purchase`; without it their names are listed')
    .option('--write [folder]', 'write schemas/ and docs/events.md (default: here)')
    .option('--release [folder]', 'write schemas/released/, from which the next changes are judged')
    .addHelpText(
      'after',
      `
Examples:
  questline schemas
  questline schemas purchase | jq .required
  questline schemas --write
  questline schemas --release   with each release, after the versions have grown as they must`,
    )
    .action(async (family: string | undefined, { write, release }: Options) => {
      if (write !== undefined) return writeFiles(folderOf(write), generatedFiles())
      if (release !== undefined) return writeRelease(folderOf(release))
      if (family === undefined) return print(EVENT_FAMILIES.map(({ name }) => name).join('\n'))
      const found = EVENT_FAMILIES.find(({ name }) => name === family)
      if (!found) throw new CommandFailure(2, `there is no event family ${family}`)
      return print(JSON.stringify(familySchema(found), null, 2))
    })

const folderOf = (option: string | true): string => (option === true ? '.' : option)

/** The files that are generated from the catalogue and committed: path → text. */
export const generatedFiles = (): ReadonlyMap<string, string> =>
  new Map([
    ...[...schemaFiles()].map(([name, text]) => [`schemas/${name}`, text] as const),
    ['docs/events.md', eventsPage()],
  ])

/** The families of the catalogue as JSON Schema. */
export const currentSchemas = (): Schemas =>
  new Map(EVENT_FAMILIES.map((family) => [family.name, familySchema(family)]))

/** The families as the last release left them; none before the first. */
export async function releasedSchemas(folder: string): Promise<Schemas> {
  const directory = join(folder, RELEASED)
  const names = await readdir(directory).catch(() => [])
  const files = names.filter((name) => name.endsWith('.json')).sort()
  const read = async (name: string) => {
    const text = await readFile(join(directory, name), 'utf8')
    return [name.replace(/\.json$/, ''), parseSchema(text)] as const
  }
  return new Map(await Promise.all(files.map(read)))
}

async function writeRelease(folder: string): Promise<void> {
  const faults = releaseFaults(await releasedSchemas(folder), currentSchemas())
  if (faults.length > 0) throw new CommandFailure(1, faults.join('\n'))
  const files = schemaFiles()
  const released = EVENT_FAMILIES.map(({ name }) => {
    return [`${RELEASED}/${name}.json`, files.get(`${name}.json`) ?? ''] as const
  })
  await writeFiles(folder, new Map(released))
}

async function writeFiles(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of files) {
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
    await print(file)
  }
}
