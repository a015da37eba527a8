// All invariants at once, between two loads: what the clients know, what the books say of
// themselves, and what the product's own audit says of them.
import { createAudit } from '../../packages/server/src/audit/audit.ts'
import { booksViolations } from '../books-invariants.ts'
import { openTestStore } from '../open-store.ts'
import { plainSql } from '../plain-sql.ts'
import type { Program } from './child.ts'
import { createClient } from './client.ts'
import { readEffects, type Unanswered } from './effects.ts'
import type { Staging } from './staging.ts'

export type { Unanswered }

/**
 * Writes what is wrong into the journal. Only beside a running server: it must recover the database
 * by itself, before anybody else opens it.
 * @param isFinal nothing may be open any more but what cannot be repeated
 */
export async function check(
  { url, stage, actors }: Staging,
  server: Pick<Program, 'address'>,
  isFinal: boolean,
): Promise<Unanswered> {
  const { journal } = stage
  const client = createClient(server.address)
  for (const actor of actors) await actor.check(client)
  client.close()
  const effects = await readEffects(url, journal, isFinal)
  const found = [
    ...effects.violations,
    ...(await booksViolations(url)),
    ...(await auditFindings(url)),
    ...(isFinal ? await fileFindings(url) : []),
  ]
  for (const text of found) journal.violation(text)
  return effects.unanswered
}

async function auditFindings(url: string): Promise<string[]> {
  const store = openTestStore(url)
  try {
    const { discrepancies } = await createAudit({ store }).run()
    return discrepancies.map(({ kind, detail }) => `audit: ${kind}: ${detail}`)
  } finally {
    await store.close()
  }
}

/** Whether SQLite itself finds its file whole. PostgreSQL is not what these tests kill. */
async function fileFindings(url: string): Promise<string[]> {
  if (!url.startsWith('sqlite:')) return []
  const findings = (await plainSql(url, 'PRAGMA integrity_check')).map((row) =>
    String(row['integrity_check']),
  )
  return findings.filter((finding) => finding !== 'ok')
}
