-- The export that all tables come from: the newest that is complete. DynamoDB writes manifest-summary.json at the end; an
-- export without it is running, or failed. Paths sort by time, since both dt and the id of an export begin with it.
CREATE OR REPLACE VIEW newest_export AS
SELECT
  max(dt) AS dt,
  regexp_replace(max(path), 'manifest-summary\.json$', 'data/') AS data_path,
  CAST(from_iso8601_timestamp(max_by(exporttime, path)) AT TIME ZONE 'UTC' AS timestamp(3)) AS exported_at,
  max_by(itemcount, path) AS item_count
FROM recent_exports
WHERE path LIKE '%/manifest-summary.json'
