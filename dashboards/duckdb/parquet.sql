-- Views over the Parquet files of `kaizala export --format parquet`, one per table:
--
--   kaizala export --from table --format parquet --out tables
--   duckdb -cmd "SET VARIABLE tables = 'tables'" -cmd ".read dashboards/duckdb/parquet.sql"
--
-- The folder may be an s3:// address. The views read the files again at each query, so that they show the newest export.

-- Times are UTC; so are days, then.
SET TimeZone = 'UTC';

CREATE OR REPLACE VIEW events AS FROM read_parquet(getvariable('tables') || '/events.parquet');
CREATE OR REPLACE VIEW actions AS FROM read_parquet(getvariable('tables') || '/actions.parquet');
CREATE OR REPLACE VIEW questions AS FROM read_parquet(getvariable('tables') || '/questions.parquet');
CREATE OR REPLACE VIEW responses AS FROM read_parquet(getvariable('tables') || '/responses.parquet');
CREATE OR REPLACE VIEW answers AS FROM read_parquet(getvariable('tables') || '/answers.parquet');
CREATE OR REPLACE VIEW messages AS FROM read_parquet(getvariable('tables') || '/messages.parquet');
CREATE OR REPLACE VIEW announcements AS FROM read_parquet(getvariable('tables') || '/announcements.parquet');
CREATE OR REPLACE VIEW attachments AS FROM read_parquet(getvariable('tables') || '/attachments.parquet');
CREATE OR REPLACE VIEW jobs AS FROM read_parquet(getvariable('tables') || '/jobs.parquet');
CREATE OR REPLACE VIEW job_responses AS FROM read_parquet(getvariable('tables') || '/job_responses.parquet');
CREATE OR REPLACE VIEW members AS FROM read_parquet(getvariable('tables') || '/members.parquet');
CREATE OR REPLACE VIEW subgroups AS FROM read_parquet(getvariable('tables') || '/subgroups.parquet');
CREATE OR REPLACE VIEW group_names AS FROM read_parquet(getvariable('tables') || '/group_names.parquet');
CREATE OR REPLACE VIEW cloud_events AS FROM read_parquet(getvariable('tables') || '/cloud_events.parquet');
CREATE OR REPLACE VIEW quarantine AS FROM read_parquet(getvariable('tables') || '/quarantine.parquet');
CREATE OR REPLACE VIEW groups AS FROM read_parquet(getvariable('tables') || '/groups.parquet');
CREATE OR REPLACE VIEW people AS FROM read_parquet(getvariable('tables') || '/people.parquet');
CREATE OR REPLACE VIEW cards AS FROM read_parquet(getvariable('tables') || '/cards.parquet');
