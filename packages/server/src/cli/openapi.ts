import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { apiDocument, postmanCollection } from '../http/http.ts'
import { VERSION } from '../version.ts'
import { print } from './output.ts'

type Options = { readonly write?: string | true; readonly postman?: true }

/** The files that are generated from the contracts and committed, with what makes their text. */
export const GENERATED = {
  'openapi.json': () => apiDocument(VERSION),
  'postman_collection.json': () => postmanCollection(),
} as const

/** Needs no settings, no database and no port. */
export const openapiCommand = (): Command =>
  new Command('openapi')
    .description('Print the OpenAPI 3.1 document of the HTTP API, or write it and its companion.')
    .option('--postman', 'print the Postman collection instead')
    .option('--write [folder]', 'write openapi.json and postman_collection.json (default: here)')
    .addHelpText(
      'after',
      `
Examples:
  questline openapi | jq '.paths | keys'
  questline openapi --postman > questline.json
  questline openapi --write`,
    )
    .action(async ({ write, postman }: Options) => {
      if (write !== undefined) return writeGenerated(write === true ? '.' : write)
      const text = await GENERATED[postman ? 'postman_collection.json' : 'openapi.json']()
      await print(text.trimEnd())
    })

async function writeGenerated(folder: string): Promise<void> {
  for (const [name, make] of Object.entries(GENERATED)) {
    await writeFile(join(folder, name), await make())
    await print(join(folder, name))
  }
}
