-- Where Firehose delivers to. Append only: a crash or a time-out delivers an event twice, and nothing
-- here removes a row. The views of 02-views.sql show each event once.
CREATE TABLE IF NOT EXISTS game_events (
  event_id STRING NOT NULL,
  event_type STRING NOT NULL,
  occurred_at TIMESTAMP_NTZ,
  received_at TIMESTAMP_NTZ NOT NULL,
  player_id STRING,
  app_id STRING NOT NULL,
  platform STRING,
  product_id STRING,
  quantity INTEGER,
  amount_micros NUMBER,
  currency STRING,
  raw_payload VARIANT
)
COMMENT = 'Accepted game events, at least once. Times are UTC.';
