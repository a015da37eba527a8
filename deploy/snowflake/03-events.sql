-- Each event once, kept up to date by Snowflake: of the copies of an id the one that was received first.
-- Copies are alike but for where they stood, so any would do; the order makes the choice the same each
-- time. Snowflake enforces no unique keys, so this is where one event is one row. Name a warehouse of yours.
CREATE OR REPLACE DYNAMIC TABLE events
  TARGET_LAG = '1 minute'
  WAREHOUSE = analytics
AS
SELECT
  event_id, event_type, occurred_at, received_at, corrected_at, player_id, app_id, platform,
  product_id, quantity, amount_micros, currency, sdk, log_lane, log_position, raw_payload
FROM game_events
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY app_id, event_id ORDER BY received_at, log_lane, log_position
) = 1;

-- Without a warehouse that works all day the same as a view, which computes it in every query:
--
-- CREATE OR REPLACE VIEW events AS SELECT ... (the same)

-- How many copies arrived: a measure of time-outs on the way, and no reason for alarm.
CREATE OR REPLACE VIEW copies_per_day AS
SELECT
  TO_DATE(received_at) AS received_on,
  COUNT(*) AS rows_arrived,
  COUNT(DISTINCT app_id, event_id) AS events
FROM game_events
GROUP BY TO_DATE(received_at);

CREATE OR REPLACE VIEW rejected_per_day AS
SELECT TO_DATE(received_at) AS received_on, app_id, stage, reason, COUNT(*) AS events
FROM events_rejected
GROUP BY TO_DATE(received_at), app_id, stage, reason;
