// The rules of docs/operations.md for schemas that change under running servers, checked on every
// migration of the books.
import { describe, expect, it } from 'vitest'
import { destroys } from '../../../../tests/migration-steps.ts'
import { spellingOf } from './migrate.ts'
import { MIGRATIONS } from './store.ts'

describe('a step that only expands', () => {
  const expanding = MIGRATIONS.filter(({ step }) => step === 'expand')
  it.each(expanding)('$name takes nothing away from servers of the version before', (migration) => {
    for (const dialect of ['sqlite', 'postgres'] as const) {
      expect(destroys(migration.statements(spellingOf(dialect)))).toEqual([])
    }
  })

  it.each([
    ['DROP TABLE players'],
    ['ALTER TABLE players DROP COLUMN username'],
    ['DROP INDEX event_log_time'],
    ['ALTER TABLE players RENAME COLUMN username TO name'],
    ['ALTER TABLE players RENAME TO people'],
    ['ALTER TABLE players RENAME TO people', 'CREATE VIEW others AS SELECT * FROM people'],
    ['ALTER TABLE players ALTER COLUMN username SET NOT NULL'],
    ['ALTER TABLE players ALTER COLUMN created_at TYPE TEXT'],
    ['ALTER TABLE players ADD COLUMN country TEXT NOT NULL'],
    ['ALTER TABLE players ADD CONSTRAINT named CHECK (username IS NOT NULL)'],
    ['CREATE UNIQUE INDEX players_one ON players (username)'],
    ['TRUNCATE idempotency_keys'],
    ['DELETE FROM idempotency_keys'],
    ['UPDATE players SET username = NULL'],
  ])('is refused: %s', (...statements) => {
    expect(destroys(statements)).toHaveLength(1)
  })

  it.each([
    ['CREATE TABLE a (b BIGINT)', 'CREATE UNIQUE INDEX a_b ON a (b)', 'INSERT INTO a VALUES (1)'],
    ['ALTER TABLE players ADD COLUMN country TEXT'],
    ["ALTER TABLE players ADD COLUMN country TEXT NOT NULL DEFAULT 'UNKNOWN'"],
    ['ALTER TABLE players RENAME TO people', 'CREATE VIEW players AS SELECT * FROM people'],
    ['CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DELETE FROM players $$'],
  ])('may: %s', (...statements) => {
    expect(destroys(statements)).toEqual([])
  })
})
