/**
 * How the server is started, from the root of the repository: by the tests that run it as a process
 * and by the image. Settings come from the environment.
 */
export const START_COMMAND = [
  'node',
  '--disable-proto=delete',
  '--max-semi-space-size=8',
  'packages/server/src/cli.ts',
  'start',
] as const
