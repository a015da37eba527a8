-- Made by minutes-job.ts, to be read, and compared with it by flink.test.ts: change that one, then
-- `vitest run packages/server/src/windows/flink/flink.test.ts -u`. Addresses are made up.

SET 'table.local-time-zone' = 'UTC';

SET 'pipeline.name' = 'questline-minutes';

SET 'parallelism.default' = '2';

SET 'execution.runtime-mode' = 'streaming';

SET 'pipeline.object-reuse' = 'true';

SET 'table.optimizer.agg-phase-strategy' = 'ONE_PHASE';

SET 'execution.checkpointing.interval' = '5000 ms';

SET 'execution.checkpointing.mode' = 'EXACTLY_ONCE';

SET 'execution.checkpointing.externalized-checkpoint-retention' = 'RETAIN_ON_CANCELLATION';

CREATE TABLE events_enriched (
  `event_id` STRING,
  `part` INT,
  `app` STRING,
  `event_type` STRING,
  `label` STRING,
  `kind` STRING,
  `time_ms` BIGINT,
  `received_ms` BIGINT,
  `user_id` STRING,
  `country_code` STRING,
  `platform` STRING,
  `is_purchase` BOOLEAN,
  `currency` STRING,
  `amount_micros` BIGINT,
  `revenue_usd_micros` BIGINT,
  `position` STRING,
  `event_time` AS TO_TIMESTAMP_LTZ(`time_ms`, 3),
  WATERMARK FOR `event_time` AS CASE WHEN `kind` IS NULL AND `event_type` = 'heartbeat' THEN TO_TIMESTAMP_LTZ(`time_ms` - 20001, 3) END
) WITH (
  'connector' = 'kafka',
  'topic' = 'events-enriched',
  'format' = 'json',
  'properties.bootstrap.servers' = 'kafka-1:9092,kafka-2:9092',
  'properties.group.id' = 'questline-minutes',
  'scan.startup.mode' = 'earliest-offset',
  'json.ignore-parse-errors' = 'true'
);

CREATE TABLE events_late (
  `event_id` STRING,
  `part` INT,
  `app` STRING,
  `event_type` STRING,
  `label` STRING,
  `kind` STRING,
  `time_ms` BIGINT,
  `received_ms` BIGINT,
  `user_id` STRING,
  `country_code` STRING,
  `platform` STRING,
  `is_purchase` BOOLEAN,
  `currency` STRING,
  `amount_micros` BIGINT,
  `revenue_usd_micros` BIGINT,
  `position` STRING,
  `received` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'
) WITH (
  'connector' = 'kafka',
  'topic' = 'events-late',
  'format' = 'json',
  'properties.bootstrap.servers' = 'kafka-1:9092,kafka-2:9092',
  'sink.delivery-guarantee' = 'at-least-once'
);

CREATE TABLE window_facts (
  `grain` STRING,
  `platform` STRING,
  `start` BIGINT,
  `app` STRING,
  `country_code` STRING,
  `metric` STRING,
  `label` STRING,
  `value` BIGINT,
  PRIMARY KEY (`grain`, `platform`, `start`, `app`, `country_code`, `metric`, `label`) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://db:5432/game',
  'username' = 'questline',
  'password' = 'it''s secret',
  'table-name' = 'analytics.window_facts',
  'sink.buffer-flush.max-rows' = '500',
  'sink.buffer-flush.interval' = '200ms',
  'sink.max-retries' = '10'
);

CREATE TEMPORARY VIEW minute_events AS
SELECT event_time, app, kind, COALESCE(label, event_type) AS event_type, COALESCE(part, 0) AS part,
  COALESCE(event_id, `position`) AS event_id, user_id,
  COALESCE(country_code, 'UNKNOWN') AS country_code,
  CASE WHEN platform IS NULL OR platform = '(ALL)' THEN 'UNKNOWN' ELSE platform END AS platform,
  COALESCE(is_purchase, FALSE) AS is_purchase, currency, amount_micros, revenue_usd_micros
FROM events_enriched
WHERE (kind IS NOT NULL AND NOT (kind = 'server' AND event_type = 'rates'))
  AND (received_ms >= time_ms - MOD(time_ms, 60000) + 80000) IS NOT TRUE;

CREATE TEMPORARY VIEW minute_first_parts AS
SELECT * FROM minute_events WHERE part = 0 AND event_type <> 'match';

CREATE TEMPORARY VIEW minute_singles AS
SELECT * FROM (
  SELECT window_start, window_end, app, event_type, country_code, platform, is_purchase, currency, amount_micros, revenue_usd_micros,
    ROW_NUMBER() OVER (PARTITION BY window_start, window_end, app, event_id ORDER BY event_time) AS copy_number
  FROM TABLE(TUMBLE(TABLE minute_first_parts, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
)
WHERE copy_number = 1;

CREATE TEMPORARY VIEW minute_sums_by_place AS
SELECT window_start, window_end, app, country_code, platform, event_type, CASE WHEN is_purchase THEN currency END AS currency,
  COUNT(*) AS event_count,
  COUNT(*) FILTER (WHERE is_purchase) AS purchase_count,
  SUM(revenue_usd_micros) FILTER (WHERE is_purchase) AS revenue,
  SUM(amount_micros) FILTER (WHERE is_purchase AND revenue_usd_micros IS NULL) AS unconverted
FROM minute_singles
GROUP BY window_start, window_end, app, country_code, platform, event_type, CASE WHEN is_purchase THEN currency END;

CREATE TEMPORARY VIEW minute_sums AS
SELECT window_start, window_end, app, country_code, platform, metric, label, SUM(amount) AS amount
FROM (
  SELECT window_start, window_end, app, country_code, platform, f.metric, f.label, f.amount
  FROM minute_sums_by_place CROSS JOIN UNNEST(ARRAY[
    ROW('events', event_type, event_count),
    ROW('purchases', '', purchase_count),
    ROW('revenue_usd_micros', '', revenue),
    ROW('unconverted', currency, unconverted)
  ]) AS f (metric, label, amount)
  WHERE f.amount <> 0
)
GROUP BY window_start, window_end, app, metric, label, GROUPING SETS ((country_code, platform), (country_code), (platform), ());

CREATE TEMPORARY VIEW minute_memberships AS
SELECT app, FALSE AS is_match, user_id AS member_id, country_code, platform, 0 AS of_game, event_time
FROM minute_events WHERE user_id IS NOT NULL
UNION ALL
SELECT app, TRUE AS is_match, event_id AS member_id, country_code, platform, CASE WHEN kind = 'game' THEN 1 ELSE 0 END AS of_game, event_time
FROM minute_events WHERE event_type = 'match' AND event_id IS NOT NULL;

CREATE TEMPORARY VIEW minute_members_by_place AS
SELECT window_start, window_end, app, is_match, member_id, country_code, platform, MAX(of_game) AS of_game
FROM TABLE(TUMBLE(TABLE minute_memberships, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, app, is_match, member_id, country_code, platform;

CREATE TEMPORARY VIEW minute_members AS
SELECT window_start, window_end, app, is_match, member_id, country_code, platform, MAX(of_game) AS of_game
FROM minute_members_by_place
GROUP BY window_start, window_end, app, is_match, member_id, GROUPING SETS ((country_code), (platform), ());

CREATE TEMPORARY VIEW minute_members_counted AS
SELECT window_start, window_end, app, is_match, country_code, platform, COUNT(*) AS members, COUNT(*) FILTER (WHERE of_game = 1) AS games
FROM (
  SELECT window_start, window_end, app, is_match, country_code, platform, of_game FROM minute_members_by_place
  UNION ALL
  SELECT window_start, window_end, app, is_match, COALESCE(country_code, '(ALL)') AS country_code, COALESCE(platform, '(ALL)') AS platform, of_game FROM minute_members
)
GROUP BY window_start, window_end, app, is_match, country_code, platform;

CREATE TEMPORARY VIEW minute_counts AS
SELECT window_start, app, f.metric, f.label, country_code, platform, f.amount
FROM minute_members_counted CROSS JOIN UNNEST(ARRAY[
  ROW('users', '', CASE WHEN is_match THEN 0 ELSE members END),
  ROW('events', 'match', CASE WHEN is_match THEN members ELSE 0 END),
  ROW('matches', '', games)
]) AS f (metric, label, amount);

CREATE TEMPORARY VIEW minute_facts AS
SELECT 'minute' AS grain, platform,
  CAST(TIMESTAMPDIFF(MINUTE, TIMESTAMP '1970-01-01 00:00:00', window_start) AS BIGINT) * 60000 AS `start`,
  app, country_code, metric, label, amount AS `value`
FROM (
  SELECT window_start, app, metric, label, amount, COALESCE(country_code, '(ALL)') AS country_code, COALESCE(platform, '(ALL)') AS platform FROM minute_sums
  UNION ALL
  SELECT window_start, app, metric, label, amount, country_code, platform FROM minute_counts
)
WHERE amount <> 0;

EXECUTE STATEMENT SET BEGIN
INSERT INTO window_facts (`grain`, `platform`, `start`, `app`, `country_code`, `metric`, `label`, `value`)
SELECT `grain`, `platform`, `start`, `app`, `country_code`, `metric`, `label`, `value` FROM minute_facts;
INSERT INTO events_late (`event_id`, `part`, `app`, `event_type`, `label`, `kind`, `time_ms`, `received_ms`, `user_id`, `country_code`, `platform`, `is_purchase`, `currency`, `amount_micros`, `revenue_usd_micros`, `position`, `received`)
SELECT `event_id`, `part`, `app`, `event_type`, `label`, `kind`, `time_ms`, `received_ms`, `user_id`, `country_code`, `platform`, `is_purchase`, `currency`, `amount_micros`, `revenue_usd_micros`, `position`, TO_TIMESTAMP_LTZ(received_ms, 3) FROM events_enriched
WHERE (kind IS NOT NULL AND NOT (kind = 'server' AND event_type = 'rates'))
  AND (received_ms >= time_ms - MOD(time_ms, 60000) + 80000) IS TRUE;
END;
