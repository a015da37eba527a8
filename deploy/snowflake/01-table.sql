-- Where events arrive, by Snowpipe Streaming or through Firehose. Append only: what is sent twice lies here
-- twice, and nothing here removes a row. Ask the views of 03-events.sql, which show each event once.
--
-- The spine is typed: dates and large numbers inside a VARIANT become strings and floats, so whatever is
-- compared, added up or pruned by has a column. All times are UTC.
CREATE TABLE IF NOT EXISTS game_events (
  event_id STRING NOT NULL COMMENT 'Lower-case UUID; with app_id it tells copies apart',
  event_type STRING NOT NULL,
  occurred_at TIMESTAMP_NTZ(3) COMMENT 'As the device said',
  received_at TIMESTAMP_NTZ(3) NOT NULL COMMENT 'By the clock of the server',
  corrected_at TIMESTAMP_NTZ(3) COMMENT 'When it happened as far as anybody can know',
  player_id STRING,
  app_id STRING NOT NULL,
  platform STRING,
  product_id STRING,
  quantity INTEGER,
  amount_micros NUMBER(38, 0) COMMENT 'Millionths of a unit of currency',
  currency STRING,
  sdk STRING COMMENT 'name/version of what sent it',
  log_lane STRING COMMENT 'The log, or the topic and partition, that it was read from',
  log_position NUMBER(38, 0) COMMENT 'Where it stands there; grows',
  raw_payload VARIANT COMMENT 'The event as it was sent'
)
COMMENT = 'Accepted game events as they arrived. Times are UTC.';

-- A micro-partition holds what arrived together, so a query over days of receipt reads little as it is.
-- Only above a terabyte or so this pays for itself:
--
-- ALTER TABLE game_events CLUSTER BY (TO_DATE(received_at), event_type);

-- What the service has refused of the events themselves: quality's topic `events-rejected`, which any
-- Kafka connector for Snowflake fills, or a copy of the lake's files.
CREATE TABLE IF NOT EXISTS events_rejected (
  event_id STRING,
  event_type STRING,
  app_id STRING NOT NULL,
  received_at TIMESTAMP_NTZ(3) NOT NULL,
  reason STRING NOT NULL COMMENT 'Why it counts nowhere',
  path STRING COMMENT 'Which of its fields',
  stage STRING NOT NULL COMMENT 'door or quality',
  raw_payload VARIANT COMMENT 'The event, or its bytes in base64 where it is none'
)
COMMENT = 'Events that count nowhere, with the reason. Times are UTC.';
