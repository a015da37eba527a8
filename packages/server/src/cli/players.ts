import { text } from 'node:stream/consumers'
import { Command } from 'commander'
import { createPlayers } from '../accounts/accounts.ts'
import { print, printJson } from './output.ts'
import { withDatabase } from './with-database.ts'

type Options = { readonly deviceSecret: string; readonly replace?: true; readonly json?: true }

export function playersCommand(): Command {
  const players = new Command('players').description('Guests that only an operator can help.')
  players
    .command('bind')
    .summary('give a guest the device secret that its next login needs')
    .description(
      'Give a guest the device secret that its next login needs, and end its sessions. For guests from before device secrets, which production turns away.',
    )
    .argument('<userId>', 'the guest')
    .requiredOption(
      '--device-secret <secret>',
      'made by the device: 32 to 256 printable characters; "-" reads it from standard input, where no list of processes shows it',
    )
    .option('--replace', 'bind it even if the guest has one, which then opens nothing any more')
    .option('--json', 'print one JSON document: {userId, bound}')
    .addHelpText(
      'after',
      `
Examples:
  questline players bind player_12345 --device-secret - < secret.txt
  questline players bind player_12345 --replace --device-secret "$NEW_SECRET"`,
    )
    .action(async (userId: string, { deviceSecret, replace, json }: Options) => {
      const secret = deviceSecret === '-' ? (await text(process.stdin)).trim() : deviceSecret
      await withDatabase(({ store, writer, clock }) =>
        createPlayers({ store, writer, now: clock.now }).bindDeviceSecret(userId, secret, {
          replace: replace === true,
        }),
      )
      await (json ? printJson({ userId, bound: true }) : print(`${userId} has its device secret`))
    })
  return players
}
