-- Who loads: a user that signs in with a key and can do nothing but write into the table. Run it once as
-- somebody who may make users. Names in <> are yours.
CREATE ROLE IF NOT EXISTS questline_loader;
GRANT USAGE ON DATABASE games TO ROLE questline_loader;
GRANT USAGE ON SCHEMA games.public TO ROLE questline_loader;
GRANT INSERT, SELECT ON TABLE games.public.game_events TO ROLE questline_loader;

-- openssl genrsa 2048 | openssl pkcs8 -topk8 -inform PEM -out key.p8 -nocrypt
-- openssl rsa -in key.p8 -pubout
CREATE USER IF NOT EXISTS questline
  TYPE = SERVICE
  DEFAULT_ROLE = questline_loader
  RSA_PUBLIC_KEY = '<the lines between BEGIN and END>';
GRANT ROLE questline_loader TO USER questline;

-- Every table has a pipe for streaming that is called like it, GAME_EVENTS-STREAMING; it maps the keys of
-- a row to the columns of the same name, whatever their case. One of your own, to sort rows as they come:
--
-- CREATE PIPE IF NOT EXISTS game_events_pipe AS
-- COPY INTO game_events FROM TABLE(DATA_SOURCE(TYPE => 'STREAMING'))
-- MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE CLUSTER_AT_INGEST_TIME = TRUE;
-- GRANT OPERATE ON PIPE game_events_pipe TO ROLE questline_loader;
