// The stages that write, opened on one database: what a server and every command share. Nothing
// here reads what the log becomes; that is pipeline/.
import { type Accounts, createAccounts } from '../accounts/accounts.ts'
import { type Attribution, createAttribution } from '../attribution/attribution.ts'
import type { Config } from '../config/config.ts'
import { createIngest, type Ingest, recordOnKafka } from '../ingest/ingest.ts'
import { createLedger, type Ledger } from '../ledger/ledger.ts'
import { createLog, type Log } from '../log/log.ts'
import { createSharedFailures, type SharedFailures } from '../nodes/nodes.ts'
import { createWriter, type Store, type Writer } from '../store/store.ts'
import { openDatabase } from './database.ts'
import { developmentSecrets } from './development-secrets.ts'
import { openKafka } from './open-kafka.ts'
import type { World } from './world.ts'

export { theWorld, type World } from './world.ts'

/** The stages that write, on one store: what a server and every command share. */
export type Books = {
  readonly config: Config
  readonly world: World
  readonly store: Store
  readonly writer: Writer
  /** What all nodes count together; null where there is one process only. */
  readonly failures: SharedFailures | null
  readonly accounts: Accounts
  readonly ledger: Ledger
  readonly log: Log
  readonly ingest: Ingest
  readonly attribution: Attribution
  close(): Promise<void>
}

/** Opens the database, brings its schema up to date and puts the stages on it. */
export async function openBooks(config: Config, world: World): Promise<Books> {
  const { clock, random, logger } = world
  const { store, applied } = await openDatabase(config, world)
  if (applied.length > 0) logger.info({ migrations: applied }, 'schema brought up to date')

  const { monotonic } = clock
  const writer = createWriter(
    { store, monotonic, onFatal: world.onFatal, onCommit: world.onCommit },
    config.store,
  )
  const log = createLog({ store, writer })
  const secrets = config.production ? null : developmentSecrets(config.dataDir, random)
  const failures =
    config.store.database.kind === 'postgres' ? createSharedFailures({ store, writer }) : null
  const parts = { store, writer, clock, random, failures }
  const direct = await openDirectIngest(config, writer, world)
  return {
    config,
    world,
    store,
    writer,
    failures,
    log,
    ingest: createIngest(
      {
        writer,
        onVerdicts: world.onVerdicts,
        tracing: world.tracing,
        ...(direct === null ? {} : { record: direct.record }),
      },
      config.ingest,
    ),
    ledger: createLedger({ store, writer, append: log.append }),
    accounts: createAccounts(parts, {
      ...config.accounts,
      jwtSecret: config.secrets.jwt ?? secrets?.jwt ?? '',
      jwtSecretPrevious: config.secrets.jwtPrevious,
      bareGuestLogin: config.doors.bareLogin,
      loginFailuresPerAccount: config.limits.on ? config.limits.loginFailuresPerAccount : null,
      ingestKey: config.ingestKey,
    }),
    attribution: createAttribution(
      { ...parts, logger, append: log.append },
      {
        unsignedPostbacks: config.doors.unsignedPostbacks,
        verifiers: verifiersOf(config, secrets?.postback),
        defaultApp: config.ledger.defaultApp,
      },
    ),
    async close() {
      await direct?.close()
      await writer.drain()
      await store.close()
    },
  }
}

/** Where `/v1/events*` does not go through the books. */
async function openDirectIngest(
  { kafka: settings, roles }: Config,
  writer: Writer,
  { clock, onKafka }: World,
) {
  if (settings?.ingestLog !== 'kafka' || !roles.includes('api')) return null
  const { kafka, topics } = await openKafka(settings, 'api', {
    monotonic: clock.monotonic,
    tell: onKafka,
  })
  const record = recordOnKafka({ kafka, writer, topic: topics['events-raw'] })
  return { record, close: () => kafka.close() }
}

/** Every way of proving a postback that the settings name. In development at least the signature. */
function verifiersOf(config: Config, developmentSecret: string | undefined) {
  const { postback, postbackPrevious, postbackToken, postbackAddresses } = config.secrets
  const current = postback ?? developmentSecret
  const secrets = [current, postbackPrevious].filter((secret) => secret !== undefined)
  return [
    ...(current ? [{ kind: 'hmac' as const, header: 'x-af-signature', secrets }] : []),
    ...(postbackToken
      ? [
          {
            kind: 'static-token' as const,
            header: config.postbackTokenHeader,
            tokens: [postbackToken],
          },
        ]
      : []),
    ...(postbackAddresses.length > 0
      ? [{ kind: 'addresses' as const, addresses: postbackAddresses }]
      : []),
  ]
}
