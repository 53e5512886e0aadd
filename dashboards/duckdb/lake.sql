-- Views over the Parquet tables that the deployment keeps up to date, one per table; they read the files again at each query:
--
--   duckdb -cmd "SET VARIABLE lake = 's3://<ExportsBucketName>/tables'" -cmd ".read dashboards/duckdb/lake.sql"
--
-- For S3 it needs credentials, once: CREATE PERSISTENT SECRET (TYPE s3, PROVIDER credential_chain).
-- They have the columns of parquet.sql, and `day`, in whose files a row is: never before the day on which the event arrived, so
-- that `day >= '2026-11-01'` leaves out older files. From the first export on, every table has a file.

-- Times are UTC; so are days, then.
SET TimeZone = 'UTC';

-- The files of a table. Older ones lack columns that were added since.
CREATE OR REPLACE MACRO lake_table(name) AS TABLE
FROM read_parquet(
  getvariable('lake') || '/' || name || '/day=*/*.parquet', union_by_name = true, hive_types = {'day': VARCHAR}
);

CREATE OR REPLACE VIEW events AS FROM lake_table('events');
CREATE OR REPLACE VIEW actions AS FROM lake_table('actions');
CREATE OR REPLACE VIEW questions AS FROM lake_table('questions');
CREATE OR REPLACE VIEW messages AS FROM lake_table('messages');
CREATE OR REPLACE VIEW announcements AS FROM lake_table('announcements');
CREATE OR REPLACE VIEW attachments AS FROM lake_table('attachments');
CREATE OR REPLACE VIEW jobs AS FROM lake_table('jobs');
CREATE OR REPLACE VIEW members AS FROM lake_table('members');
CREATE OR REPLACE VIEW subgroups AS FROM lake_table('subgroups');
CREATE OR REPLACE VIEW group_names AS FROM lake_table('group_names');
CREATE OR REPLACE VIEW cloud_events AS FROM lake_table('cloud_events');
CREATE OR REPLACE VIEW quarantine AS FROM lake_table('quarantine');

-- The files do not say which version is the latest, since a later one may make it untrue. The order is that of
-- src/event/latest.rs.
CREATE OR REPLACE VIEW responses AS
SELECT
  *,
  row_number() OVER (
    PARTITION BY group_id, response_id
    ORDER BY is_update OR is_pulled DESC, ranked_at DESC, received_at DESC, event_key DESC
  ) = 1 AS is_latest
FROM lake_table('responses');

CREATE OR REPLACE VIEW job_responses AS
SELECT
  *,
  row_number() OVER (
    PARTITION BY group_id, response_id
    ORDER BY is_update OR is_pulled DESC, ranked_at DESC, received_at DESC, event_key DESC
  ) = 1 AS is_latest
FROM lake_table('job_responses');

CREATE OR REPLACE VIEW answers AS
FROM lake_table('answers')
JOIN (SELECT group_id, event_key, day, is_latest FROM responses) USING (group_id, event_key, day);

-- What sums over many items is the SQL of the views in Athena, read from dashboards/athena where DuckDB is started. These two
-- functions it knows by other names.
CREATE OR REPLACE MACRO json_parse(text) AS text::JSON;
CREATE OR REPLACE MACRO json_format(json) AS json::VARCHAR;
CREATE OR REPLACE VIEW latest_responses AS FROM responses WHERE is_latest;
SET VARIABLE athena = MAP(
  (SELECT list(parse_filename(filename, true) ORDER BY filename) FROM read_text('dashboards/athena/*.sql')),
  (SELECT list(replace(content, 'array(varchar)', 'varchar[]') ORDER BY filename) FROM read_text('dashboards/athena/*.sql'))
);
CREATE OR REPLACE VIEW groups AS FROM query(getvariable('athena')['groups']);
CREATE OR REPLACE VIEW people AS FROM query(getvariable('athena')['people']);
CREATE OR REPLACE VIEW cards AS FROM query(getvariable('athena')['cards']);
