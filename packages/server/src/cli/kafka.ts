import { Command } from 'commander'
import { openKafka } from '../books/open-kafka.ts'
import { loadKafkaSettings, processEnvironment } from '../config/config.ts'
import { type SetupResult, setUpTopics, topicPlans } from '../kafka/kafka.ts'
import { adoptCommand } from './kafka-adopt.ts'
import { lagCommand } from './kafka-status.ts'
import { print, printJson, table } from './output.ts'

export function kafkaCommand(): Command {
  const kafka = new Command('kafka').description(
    'The topics of Kafka through which events go, where KAFKA_BROKERS is set.',
  )
  kafka
    .command('setup')
    .summary('create the topics, and compare existing ones with the settings')
    .description(
      'Create the topics that are missing, with KAFKA_PARTITIONS, KAFKA_REPLICATION and KAFKA_RETENTION_HOURS, and tell how existing ones differ from that. Existing ones are never changed: more partitions would move players to other ones while their events are on the way. Can be repeated.',
    )
    .option('--json', 'print one JSON document: {created, existing, differences}')
    .addHelpText(
      'after',
      `
Exit code 1 means that something is not as it should be.

Examples:
  KAFKA_BROKERS=127.0.0.1:9092 questline kafka setup
  questline kafka setup --json`,
    )
    .action(async ({ json }: { readonly json?: true }) => {
      const result = await setUp()
      await (json ? printJson(result) : print(textOf(result)))
      if (result.differences.length > 0) process.exitCode = 1
    })
  kafka.addCommand(lagCommand())
  kafka.addCommand(adoptCommand())
  return kafka
}

async function setUp(): Promise<SetupResult> {
  const settings = loadKafkaSettings(processEnvironment())
  const { kafka, topics } = await openKafka(settings, 'setup')
  try {
    return await setUpTopics(kafka, topicPlans({ ...settings, topics }))
  } finally {
    await kafka.close()
  }
}

function textOf({ created, existing, differences }: SetupResult): string {
  const lines = [
    ...created.map((topic) => `${topic}: created`),
    ...existing
      .filter((topic) => differences.every((difference) => difference.topic !== topic))
      .map((topic) => `${topic}: as it should be`),
  ]
  const rows = differences.map(({ topic, setting, wanted, found }) => [
    ...[topic, setting, `is ${found}`, `should be ${wanted}`],
  ])
  return [...lines, ...(rows.length > 0 ? [table(rows)] : [])].join('\n')
}
