import type { Migration } from '../migrate.ts'

/**
 * On PostgreSQL what games send lies in partitions, and what is old enough goes with its partition:
 * dropping one takes milliseconds and leaves nothing to clean up, where deleting its rows takes as
 * long as writing them did. SQLite has one writer on one machine, and stays as it is.
 *
 * `event_batches` is cut by offset, `known_event_ids` by the week that an id of version 7 bears. The
 * week is a plain column that the writer fills, a pure function of the id: so the unique key over all
 * partitions is one over (app, event_id), and a copy meets its first whenever it comes. There is no
 * DEFAULT partition: ids of other versions have week -1, and those of weeks without a partition lie
 * in `past` and `future`.
 *
 * Servers of the version before go on beside this: `event_ids` is a view for them. Ids from before
 * stay where they were, in `event_ids_before`, until they are old.
 */
export const PARTITIONS: Migration = {
  number: 6,
  name: 'partitions',
  step: 'expand',
  statements: ({ dialect }) =>
    dialect === 'sqlite' ? [] : [...bounds(), ...batches(), ...ids(), ...idsBefore()],
}

const bounds = (): string[] => [
  // Bounds as PostgreSQL prints them; null where one is MINVALUE or MAXVALUE.
  `CREATE VIEW log_partitions AS
    SELECT p.relname AS parent, c.relname AS name, c.oid AS id,
      substring(b.bound from 'FROM \\(''?(-?\\d+)''?\\)')::bigint AS lower,
      substring(b.bound from 'TO \\(''?(-?\\d+)''?\\)')::bigint AS upper
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
    CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) b
    WHERE p.oid IN (to_regclass('event_batches'), to_regclass('known_event_ids'))`,
]

/** The first partition is the table that was there, up to where it may have come until all servers are new. */
const FIRST_SPAN = 4_194_304

const batches = (): string[] => [
  'ALTER TABLE event_batches RENAME TO event_batches_0',
  `CREATE TABLE event_batches (
    last_offset BIGINT NOT NULL PRIMARY KEY,
    first_offset BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    payload BYTEA NOT NULL
  ) PARTITION BY RANGE (last_offset)`,
  // The payload is compressed already; PostgreSQL would try it once more.
  'ALTER TABLE event_batches ALTER COLUMN payload SET STORAGE EXTERNAL',
  'ALTER TABLE event_batches_0 ALTER COLUMN payload SET STORAGE EXTERNAL',
  `DO $$ BEGIN EXECUTE format(
    'ALTER TABLE event_batches ATTACH PARTITION event_batches_0 FOR VALUES FROM (0) TO (%s)',
    (SELECT (log_offset / ${FIRST_SPAN} + 2) * ${FIRST_SPAN} FROM log_head)); END $$`,

  // Attaching waits for nobody and holds up nobody.
  `CREATE FUNCTION event_batches_ahead(until BIGINT, span BIGINT) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    next BIGINT;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('event_batches_ahead', 0));
    SELECT max(upper) INTO next FROM log_partitions WHERE parent = 'event_batches';
    WHILE next < until LOOP
      EXECUTE format('CREATE TABLE event_batches_%s (LIKE event_batches INCLUDING STORAGE)', next);
      EXECUTE format('ALTER TABLE event_batches ATTACH PARTITION event_batches_%s FOR VALUES FROM (%s) TO (%s)',
        next, next, next + span);
      next := next + span;
    END LOOP;
  END $$`,

  // In place of the oldest partition that has expired as a whole comes one with the same bounds that
  // says which offsets were there: readers find no gap and no row too few at any moment. A reader that
  // takes long would make all others wait behind us, so we give up soon and come again.
  `CREATE FUNCTION event_batches_expire(expired BIGINT) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    part RECORD;
    newest BIGINT;
    closed BOOLEAN;
  BEGIN
    PERFORM set_config('lock_timeout', '200ms', true);
    FOR part IN SELECT * FROM log_partitions WHERE parent = 'event_batches' ORDER BY lower LOOP
      EXECUTE format('SELECT max(last_offset) FROM %I', part.name) INTO newest;
      CONTINUE WHEN newest IS NULL OR 'expired ' || newest = obj_description(part.id, 'pg_class');
      EXIT WHEN newest > expired;
      closed := part.upper <= (SELECT log_offset FROM log_head);
      IF NOT closed THEN LOCK TABLE event_batches IN ACCESS EXCLUSIVE MODE; END IF;
      CREATE TABLE event_batches_husk (LIKE event_batches INCLUDING STORAGE);
      EXECUTE format('INSERT INTO event_batches_husk
        SELECT max(last_offset), min(first_offset), max(received_at), ''''
        FROM (SELECT *, sum(begins) OVER (ORDER BY last_offset) AS run
          FROM (SELECT *, CASE WHEN lag(last_offset) OVER (ORDER BY last_offset) = first_offset - 1
            THEN 0 ELSE 1 END AS begins FROM %I) b) r GROUP BY run', part.name);
      -- More may have come to an open one before it was locked.
      SELECT max(last_offset) INTO newest FROM event_batches_husk;
      EXIT WHEN newest > expired;
      LOCK TABLE event_batches IN ACCESS EXCLUSIVE MODE;
      EXECUTE format('ALTER TABLE event_batches DETACH PARTITION %I', part.name);
      EXECUTE format('DROP TABLE %I', part.name);
      EXECUTE format('ALTER TABLE event_batches_husk RENAME TO %I', part.name);
      EXECUTE format('ALTER TABLE event_batches ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
        part.name, part.lower, part.upper);
      EXECUTE format('COMMENT ON TABLE %I IS %L', part.name, 'expired ' || newest);
      RETURN;
    END LOOP;
    DROP TABLE IF EXISTS event_batches_husk;
  EXCEPTION WHEN lock_not_available THEN
    RETURN;
  END $$`,
]

const WEEK_MS = 604_800_000
/** A device may be so many weeks late and still meet a partition of its week. */
const WEEKS_BEHIND = 6

const ids = (): string[] => [
  `CREATE FUNCTION event_week(id BYTEA) RETURNS BIGINT LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN get_byte(id, 6) >> 4 = 7 THEN ((get_byte(id, 0)::bigint << 40)
      | (get_byte(id, 1)::bigint << 32) | (get_byte(id, 2)::bigint << 24)
      | (get_byte(id, 3)::bigint << 16) | (get_byte(id, 4)::bigint << 8)
      | get_byte(id, 5)::bigint) / ${WEEK_MS} ELSE -1 END $$`,
  `CREATE TABLE known_event_ids (
    app TEXT NOT NULL,
    event_id BYTEA NOT NULL,
    week BIGINT NOT NULL,
    fingerprint BYTEA NOT NULL,
    log_offset BIGINT NOT NULL,
    PRIMARY KEY (app, event_id, week)
  ) PARTITION BY RANGE (week)`,
  // Rows come in the order of the log, so this small index finds the old and the young ones.
  'CREATE INDEX known_event_ids_age ON known_event_ids USING brin (log_offset)',
  'CREATE TABLE known_event_ids_other PARTITION OF known_event_ids FOR VALUES FROM (MINVALUE) TO (0)',
  `DO $$ DECLARE first BIGINT := floor(extract(epoch FROM now()) * 1000 / ${WEEK_MS}) - ${WEEKS_BEHIND};
  BEGIN
    EXECUTE format('CREATE TABLE known_event_ids_past PARTITION OF known_event_ids FOR VALUES FROM (0) TO (%s)', first);
    EXECUTE format('CREATE TABLE known_event_ids_future PARTITION OF known_event_ids FOR VALUES FROM (%s) TO (MAXVALUE)', first);
  END $$`,

  // Only a writer reads this table, so the lock waits for one commit and holds up the next.
  `CREATE FUNCTION event_ids_ahead(until BIGINT) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    next BIGINT;
  BEGIN
    LOCK TABLE known_event_ids IN ACCESS EXCLUSIVE MODE;
    SELECT lower INTO next FROM log_partitions WHERE name = 'known_event_ids_future';
    IF next > until THEN RETURN; END IF;
    ALTER TABLE known_event_ids DETACH PARTITION known_event_ids_future;
    WHILE next <= until LOOP
      EXECUTE format('CREATE TABLE known_event_ids_%s (LIKE known_event_ids)', next);
      EXECUTE format('WITH came AS (DELETE FROM known_event_ids_future WHERE week = %s RETURNING *)
        INSERT INTO known_event_ids_%s SELECT * FROM came', next, next);
      EXECUTE format('ALTER TABLE known_event_ids ATTACH PARTITION known_event_ids_%s FOR VALUES FROM (%s) TO (%s)',
        next, next, next + 1);
      next := next + 1;
    END LOOP;
    EXECUTE format('ALTER TABLE known_event_ids ATTACH PARTITION known_event_ids_future FOR VALUES FROM (%s) TO (MAXVALUE)', next);
  END $$`,
  `SELECT event_ids_ahead(floor(extract(epoch FROM now()) * 1000 / ${WEEK_MS})::bigint + 2)`,

  // The oldest week goes when nearly all of its ids are old: the few late ones move to the past.
  `CREATE FUNCTION event_ids_expire(expired BIGINT, oldest BIGINT) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    part RECORD;
    young BIGINT;
  BEGIN
    DELETE FROM known_event_ids_other WHERE log_offset <= expired;
    DELETE FROM known_event_ids_past WHERE log_offset <= expired;
    DELETE FROM known_event_ids_future WHERE log_offset <= expired;
    SELECT * INTO part FROM log_partitions
      WHERE parent = 'known_event_ids' AND lower > 0 AND upper <= oldest ORDER BY lower LIMIT 1;
    IF part.name IS NOT NULL THEN
      EXECUTE format('SELECT count(*) FROM (SELECT 1 FROM %I WHERE log_offset > %s LIMIT 10001) y',
        part.name, expired) INTO young;
      IF young <= 10000 THEN
        LOCK TABLE known_event_ids IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('ALTER TABLE known_event_ids DETACH PARTITION %I', part.name);
        ALTER TABLE known_event_ids DETACH PARTITION known_event_ids_past;
        EXECUTE format('INSERT INTO known_event_ids_past SELECT * FROM %I WHERE log_offset > %s',
          part.name, expired);
        EXECUTE format('DROP TABLE %I', part.name);
        EXECUTE format('ALTER TABLE known_event_ids ATTACH PARTITION known_event_ids_past FOR VALUES FROM (0) TO (%s)',
          part.upper);
      END IF;
    END IF;
    IF expired >= obj_description('event_ids_before'::regclass, 'pg_class')::bigint
      AND EXISTS (SELECT 1 FROM event_ids_before) THEN TRUNCATE event_ids_before; END IF;
  END $$`,
]

/** Nothing is copied: who looks for an id looks in both tables. */
const idsBefore = (): string[] => [
  'ALTER TABLE event_ids RENAME TO event_ids_before',
  `DO $$ BEGIN EXECUTE format('COMMENT ON TABLE event_ids_before IS %L',
    (SELECT log_offset FROM log_head)); END $$`,
  `CREATE VIEW event_ids AS
    SELECT app, event_id, fingerprint, log_offset FROM known_event_ids
    UNION ALL SELECT app, event_id, fingerprint, log_offset FROM event_ids_before`,
  `CREATE FUNCTION event_ids_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'INSERT' THEN
      INSERT INTO known_event_ids VALUES
        (NEW.app, NEW.event_id, event_week(NEW.event_id), NEW.fingerprint, NEW.log_offset);
      RETURN NEW;
    END IF;
    DELETE FROM known_event_ids WHERE app = OLD.app AND event_id = OLD.event_id
      AND week = event_week(OLD.event_id);
    DELETE FROM event_ids_before WHERE app = OLD.app AND event_id = OLD.event_id;
    RETURN OLD;
  END $$`,
  `CREATE TRIGGER event_ids_change INSTEAD OF INSERT OR DELETE ON event_ids
    FOR EACH ROW EXECUTE FUNCTION event_ids_change()`,
]
