import type { Migration } from '../../store/store.ts'

/** The condition is that of the statement: who else writes these tables notes changes by itself. */
const BY_FLINK = `WHEN (current_setting('application_name') = 'questline-flink')`

/**
 * Rows that Flink writes are noted as changes of their minutes, as `windows` notes its own, so that
 * who follows the numbers needs not know who counts them. Flink knows no offset of the log: a statement
 * takes the next number.
 *
 * Whoever takes one holds the lock until it has committed, so that no smaller number can be seen
 * after a greater one: a follower would be past it. What is written again as it was is no change, and
 * no write either.
 */
export const CHANGES_OF_FLINK: Migration = {
  number: 7,
  name: 'changes-of-flink',
  statements: ({ schema }) =>
    schema === ''
      ? []
      : [
          `CREATE FUNCTION ${schema}note_minutes_of_flink() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            PERFORM pg_advisory_xact_lock(hashtextextended('analytics.window_changes', 0));
            INSERT INTO ${schema}window_changes (start, changed_offset)
              SELECT DISTINCT start,
                (SELECT COALESCE(max(changed_offset), 0) + 1 FROM ${schema}window_changes)
              FROM written WHERE grain = 'minute'
              ON CONFLICT (start) DO UPDATE SET changed_offset = excluded.changed_offset;
            RETURN NULL;
          END $$`,
          `CREATE TRIGGER as_it_was BEFORE UPDATE ON ${schema}window_facts
            FOR EACH ROW ${BY_FLINK} EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
          ...['INSERT', 'UPDATE'].map(
            (written) => `CREATE TRIGGER note_${written.toLowerCase()}
              AFTER ${written} ON ${schema}window_facts REFERENCING NEW TABLE AS written
              FOR EACH STATEMENT ${BY_FLINK} EXECUTE FUNCTION ${schema}note_minutes_of_flink()`,
          ),
        ],
}
