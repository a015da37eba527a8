-- Made from the catalogue of events (schemas/), and compared with it by snowflake-sql.test.ts: change
-- that one, then `vitest run tests/forward/snowflake-sql.test.ts -u`. A view for each family and major
-- version: a new major version breaks history, so it has a view of its own.

CREATE OR REPLACE VIEW ad_impression_v1 AS
SELECT
  event_id,
  occurred_at,
  received_at,
  corrected_at,
  player_id,
  app_id,
  sdk,
  platform,
  raw_payload:"app_version"::STRING AS app_version,
  raw_payload:"session_id"::STRING AS session_id,
  raw_payload:"device_id"::STRING AS device_id,
  raw_payload:"country"::STRING AS country,
  raw_payload:"seq"::NUMBER(38, 0) AS seq,
  raw_payload:"monotonic" AS monotonic,
  raw_payload:"properties" AS properties,
  raw_payload:"ad_format"::STRING AS ad_format,
  raw_payload:"ad_network"::STRING AS ad_network,
  raw_payload:"mediation"::STRING AS mediation,
  raw_payload:"placement"::STRING AS placement,
  raw_payload:"ad_unit"::STRING AS ad_unit,
  raw_payload:"revenue_usd_micros"::NUMBER(38, 0) AS revenue_usd_micros,
  revenue_usd_micros / 1000000 AS revenue_usd,
  raw_payload:"completion"::STRING AS completion,
  raw_payload:"watched_ms"::NUMBER(38, 0) AS watched_ms,
  raw_payload:"rewarded"::BOOLEAN AS rewarded
FROM events
WHERE event_type = 'ad_impression'
  AND COALESCE(SPLIT_PART(raw_payload:schema_version::STRING, '-', 1), '1') = '1';

CREATE OR REPLACE VIEW custom_v1 AS
SELECT
  event_id,
  occurred_at,
  received_at,
  corrected_at,
  player_id,
  app_id,
  sdk,
  platform,
  raw_payload:"app_version"::STRING AS app_version,
  raw_payload:"session_id"::STRING AS session_id,
  raw_payload:"device_id"::STRING AS device_id,
  raw_payload:"country"::STRING AS country,
  raw_payload:"seq"::NUMBER(38, 0) AS seq,
  raw_payload:"monotonic" AS monotonic,
  raw_payload:"properties" AS properties,
  raw_payload:"name"::STRING AS name,
  raw_payload:"value"::FLOAT AS value
FROM events
WHERE event_type = 'custom'
  AND COALESCE(SPLIT_PART(raw_payload:schema_version::STRING, '-', 1), '1') = '1';

CREATE OR REPLACE VIEW economy_v1 AS
SELECT
  event_id,
  occurred_at,
  received_at,
  corrected_at,
  player_id,
  app_id,
  sdk,
  platform,
  raw_payload:"app_version"::STRING AS app_version,
  raw_payload:"session_id"::STRING AS session_id,
  raw_payload:"device_id"::STRING AS device_id,
  raw_payload:"country"::STRING AS country,
  raw_payload:"seq"::NUMBER(38, 0) AS seq,
  raw_payload:"monotonic" AS monotonic,
  raw_payload:"properties" AS properties,
  raw_payload:"flow"::STRING AS flow,
  raw_payload:"resource"::STRING AS resource,
  raw_payload:"amount"::FLOAT AS amount,
  raw_payload:"item_type"::STRING AS item_type,
  raw_payload:"item_id"::STRING AS item_id,
  raw_payload:"balance"::FLOAT AS balance,
  raw_payload:"reason"::STRING AS reason
FROM events
WHERE event_type = 'economy'
  AND COALESCE(SPLIT_PART(raw_payload:schema_version::STRING, '-', 1), '1') = '1';

CREATE OR REPLACE VIEW error_v1 AS
SELECT
  event_id,
  occurred_at,
  received_at,
  corrected_at,
  player_id,
  app_id,
  sdk,
  platform,
  raw_payload:"app_version"::STRING AS app_version,
  raw_payload:"session_id"::STRING AS session_id,
  raw_payload:"device_id"::STRING AS device_id,
  raw_payload:"country"::STRING AS country,
  raw_payload:"seq"::NUMBER(38, 0) AS seq,
  raw_payload:"monotonic" AS monotonic,
  raw_payload:"properties" AS properties,
  raw_payload:"message"::STRING AS message,
  raw_payload:"severity"::STRING AS severity,
  raw_payload:"error_code"::STRING AS error_code,
  raw_payload:"stack"::STRING AS stack,
  raw_payload:"fatal"::BOOLEAN AS fatal
FROM events
WHERE event_type = 'error'
  AND COALESCE(SPLIT_PART(raw_payload:schema_version::STRING, '-', 1), '1') = '1';

CREATE OR REPLACE VIEW in_app_purchase_v2 AS
SELECT
  event_id,
  occurred_at,
  received_at,
  corrected_at,
  player_id,
  app_id,
  sdk,
  platform,
  raw_payload:"app_version"::STRING AS app_version,
  raw_payload:"session_id"::STRING AS session_id,
  raw_payload:"device_id"::STRING AS device_id,
  raw_payload:"country"::STRING AS country,
  raw_payload:"seq"::NUMBER(38, 0) AS seq,
  raw_payload:"monotonic" AS monotonic,
  raw_payload:"properties" AS properties,
  raw_payload:"user-id" AS user_id,
  raw_payload:"purchase_value"::FLOAT AS purchase_value,
  raw_payload:"product-id"::STRING AS product_id,
  currency
FROM events
WHERE event_type = 'in-app-purchase'
  AND COALESCE(SPLIT_PART(raw_payload:schema_version::STRING, '-', 1), '2') = '2';

CREATE OR REPLACE VIEW init_v1 AS
SELECT
  event_id,
  occurred_at,
  received_at,
  corrected_at,
  player_id,
  app_id,
  sdk,
  platform,
  raw_payload:"app_version"::STRING AS app_version,
  raw_payload:"session_id"::STRING AS session_id,
  raw_payload:"device_id"::STRING AS device_id,
  raw_payload:"seq"::NUMBER(38, 0) AS seq,
  raw_payload:"monotonic" AS monotonic,
  raw_payload:"properties" AS properties,
  raw_payload:"country"::STRING AS country,
  raw_payload:"user-id" AS user_id
FROM events
WHERE event_type = 'init'
  AND COALESCE(SPLIT_PART(raw_payload:schema_version::STRING, '-', 1), '1') = '1';

CREATE OR REPLACE VIEW install_v1 AS
SELECT
  event_id,
  occurred_at,
  received_at,
  corrected_at,
  player_id,
  app_id,
  sdk,
  platform,
  raw_payload:"app_version"::STRING AS app_version,
  raw_payload:"session_id"::STRING AS session_id,
  raw_payload:"device_id"::STRING AS device_id,
  raw_payload:"country"::STRING AS country,
  raw_payload:"seq"::NUMBER(38, 0) AS seq,
  raw_payload:"monotonic" AS monotonic,
  raw_payload:"properties" AS properties,
  raw_payload:"campaign"::STRING AS campaign,
  raw_payload:"ad_group"::STRING AS ad_group,
  raw_payload:"creative"::STRING AS creative
FROM events
WHERE event_type = 'install'
  AND COALESCE(SPLIT_PART(raw_payload:schema_version::STRING, '-', 1), '1') = '1';

CREATE OR REPLACE VIEW match_v1 AS
SELECT
  event_id,
  occurred_at,
  received_at,
  corrected_at,
  player_id,
  app_id,
  sdk,
  platform,
  raw_payload:"app_version"::STRING AS app_version,
  raw_payload:"session_id"::STRING AS session_id,
  raw_payload:"device_id"::STRING AS device_id,
  raw_payload:"country"::STRING AS country,
  raw_payload:"seq"::NUMBER(38, 0) AS seq,
  raw_payload:"monotonic" AS monotonic,
  raw_payload:"properties" AS properties,
  raw_payload:"user-a"::STRING AS user_a,
  raw_payload:"user-b"::STRING AS user_b,
  raw_payload:"winner"::STRING AS winner,
  raw_payload:"user-a-postmatch-info" AS user_a_postmatch_info,
  raw_payload:"user-b-postmatch-info" AS user_b_postmatch_info,
  raw_payload:"game-tier"::NUMBER(38, 0) AS game_tier,
  raw_payload:"duration"::NUMBER(38, 0) AS duration
FROM events
WHERE event_type = 'match'
  AND COALESCE(SPLIT_PART(raw_payload:schema_version::STRING, '-', 1), '1') = '1';

CREATE OR REPLACE VIEW progression_v1 AS
SELECT
  event_id,
  occurred_at,
  received_at,
  corrected_at,
  player_id,
  app_id,
  sdk,
  platform,
  raw_payload:"app_version"::STRING AS app_version,
  raw_payload:"session_id"::STRING AS session_id,
  raw_payload:"device_id"::STRING AS device_id,
  raw_payload:"country"::STRING AS country,
  raw_payload:"seq"::NUMBER(38, 0) AS seq,
  raw_payload:"monotonic" AS monotonic,
  raw_payload:"properties" AS properties,
  raw_payload:"status"::STRING AS status,
  raw_payload:"world"::STRING AS world,
  raw_payload:"level" AS level,
  raw_payload:"phase"::STRING AS phase,
  raw_payload:"attempt"::NUMBER(38, 0) AS attempt,
  raw_payload:"score"::FLOAT AS score,
  raw_payload:"duration_ms"::NUMBER(38, 0) AS duration_ms
FROM events
WHERE event_type = 'progression'
  AND COALESCE(SPLIT_PART(raw_payload:schema_version::STRING, '-', 1), '1') = '1';

CREATE OR REPLACE VIEW purchase_v1 AS
SELECT
  event_id,
  occurred_at,
  received_at,
  corrected_at,
  player_id,
  app_id,
  sdk,
  platform,
  raw_payload:"app_version"::STRING AS app_version,
  raw_payload:"session_id"::STRING AS session_id,
  raw_payload:"device_id"::STRING AS device_id,
  raw_payload:"country"::STRING AS country,
  raw_payload:"seq"::NUMBER(38, 0) AS seq,
  raw_payload:"monotonic" AS monotonic,
  raw_payload:"properties" AS properties,
  product_id,
  quantity,
  amount_micros,
  amount_micros / 1000000 AS amount,
  currency,
  raw_payload:"transaction_id"::STRING AS transaction_id,
  raw_payload:"store"::STRING AS store
FROM events
WHERE event_type = 'purchase'
  AND COALESCE(SPLIT_PART(raw_payload:schema_version::STRING, '-', 1), '1') = '1';

CREATE OR REPLACE VIEW sdk_health_v1 AS
SELECT
  event_id,
  occurred_at,
  received_at,
  corrected_at,
  player_id,
  app_id,
  sdk,
  platform,
  raw_payload:"app_version"::STRING AS app_version,
  raw_payload:"session_id"::STRING AS session_id,
  raw_payload:"device_id"::STRING AS device_id,
  raw_payload:"country"::STRING AS country,
  raw_payload:"seq"::NUMBER(38, 0) AS seq,
  raw_payload:"monotonic" AS monotonic,
  raw_payload:"properties" AS properties,
  raw_payload:"dropped_by_reason" AS dropped_by_reason,
  raw_payload:"queue_events"::NUMBER(38, 0) AS queue_events,
  raw_payload:"queue_bytes"::NUMBER(38, 0) AS queue_bytes,
  raw_payload:"oldest_age_ms"::NUMBER(38, 0) AS oldest_age_ms
FROM events
WHERE event_type = 'sdk_health'
  AND COALESCE(SPLIT_PART(raw_payload:schema_version::STRING, '-', 1), '1') = '1';

CREATE OR REPLACE VIEW session_end_v1 AS
SELECT
  event_id,
  occurred_at,
  received_at,
  corrected_at,
  player_id,
  app_id,
  sdk,
  platform,
  raw_payload:"app_version"::STRING AS app_version,
  raw_payload:"session_id"::STRING AS session_id,
  raw_payload:"device_id"::STRING AS device_id,
  raw_payload:"country"::STRING AS country,
  raw_payload:"seq"::NUMBER(38, 0) AS seq,
  raw_payload:"monotonic" AS monotonic,
  raw_payload:"properties" AS properties,
  raw_payload:"duration_ms"::NUMBER(38, 0) AS duration_ms,
  raw_payload:"reason"::STRING AS reason
FROM events
WHERE event_type = 'session_end'
  AND COALESCE(SPLIT_PART(raw_payload:schema_version::STRING, '-', 1), '1') = '1';

CREATE OR REPLACE VIEW session_start_v1 AS
SELECT
  event_id,
  occurred_at,
  received_at,
  corrected_at,
  player_id,
  app_id,
  sdk,
  platform,
  raw_payload:"app_version"::STRING AS app_version,
  raw_payload:"session_id"::STRING AS session_id,
  raw_payload:"device_id"::STRING AS device_id,
  raw_payload:"country"::STRING AS country,
  raw_payload:"seq"::NUMBER(38, 0) AS seq,
  raw_payload:"monotonic" AS monotonic,
  raw_payload:"properties" AS properties,
  raw_payload:"session_number"::NUMBER(38, 0) AS session_number,
  raw_payload:"device_model"::STRING AS device_model,
  raw_payload:"device_manufacturer"::STRING AS device_manufacturer,
  raw_payload:"os_version"::STRING AS os_version,
  raw_payload:"language"::STRING AS language,
  raw_payload:"connection"::STRING AS connection,
  raw_payload:"engine_version"::STRING AS engine_version
FROM events
WHERE event_type = 'session_start'
  AND COALESCE(SPLIT_PART(raw_payload:schema_version::STRING, '-', 1), '1') = '1';
