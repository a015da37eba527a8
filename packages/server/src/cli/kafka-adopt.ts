import { Command } from 'commander'
import { openKafka } from '../books/open-kafka.ts'
import { loadKafkaSettings, processEnvironment } from '../config/config.ts'
import { adoptTopics, type TopicsState } from '../relay/relay.ts'
import { print, printJson } from './output.ts'
import { withAnalytics } from './with-analytics.ts'

export const adoptCommand = (): Command =>
  new Command('adopt')
    .summary('let these books go on in topics that hold events of others')
    .description(
      'Let the relay write these books into topics that hold events which the books do not: of other books, or of themselves before they were restored from an older copy. What the topics hold stays there and counts. From where the two differ on, the events of these books are relayed, as new ones. Changes nothing where nothing differs.',
    )
    .option('--json', 'print one JSON document: {found: ours | others | forked, id?, from?}')
    .addHelpText('after', '\nExample:\n  questline kafka adopt')
    .action(async ({ json }: { readonly json?: true }) => {
      const state = await adopt()
      const { is: found, ...of } = state
      await (json ? printJson({ found, ...of }) : print(textOf(state)))
    })

async function adopt(): Promise<TopicsState> {
  const { kafka, topics } = await openKafka(loadKafkaSettings(processEnvironment()), 'adopt')
  try {
    return await withAnalytics(({ store: books, analytics, random, clock }) =>
      adoptTopics({ books, analytics, kafka, random, now: clock.now }, topics['events-raw']),
    )
  } finally {
    await kafka.close()
  }
}

function textOf(state: TopicsState): string {
  if (state.is === 'ours') return 'the topics hold what these books say: nothing is to be done'
  const found =
    state.is === 'others'
      ? `the topics hold events of the books ${state.id}`
      : `the topics hold other events from offset ${state.from} on`
  const from = state.is === 'others' ? 1 : state.from
  return `${found}; these books are relayed from offset ${from} on, as new ones`
}
