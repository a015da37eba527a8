-- Each event once: the first copy of each id. Copies are equal but for nothing, so any would do; the
-- order makes the choice the same each time.
CREATE OR REPLACE VIEW events AS
SELECT * FROM game_events
QUALIFY ROW_NUMBER() OVER (PARTITION BY app_id, event_id ORDER BY received_at, occurred_at) = 1;

-- The same, kept up to date by Snowflake instead of computed in every query. Above some hundred million
-- rows put it in the place of the view; name a warehouse of yours.
--
-- CREATE OR REPLACE DYNAMIC TABLE events TARGET_LAG = '5 minutes' WAREHOUSE = analytics AS
-- SELECT * FROM game_events
-- QUALIFY ROW_NUMBER() OVER (PARTITION BY app_id, event_id ORDER BY received_at, occurred_at) = 1;

CREATE OR REPLACE VIEW purchases AS
SELECT event_id, occurred_at, received_at, player_id, app_id, platform, product_id, quantity,
  amount_micros, amount_micros / 1000000 AS amount, currency,
  raw_payload:transaction_id::STRING AS transaction_id,
  raw_payload:store::STRING AS store
FROM events WHERE event_type = 'purchase';

CREATE OR REPLACE VIEW installs AS
SELECT event_id, occurred_at, received_at, player_id, app_id, platform,
  raw_payload:country::STRING AS country
FROM events WHERE event_type = 'install';

-- How many copies arrived: a measure of time-outs on the way, and no reason for alarm.
CREATE OR REPLACE VIEW copies_per_day AS
SELECT TO_DATE(received_at) AS day, COUNT(*) AS rows_arrived, COUNT(DISTINCT app_id, event_id) AS events
FROM game_events GROUP BY day;
