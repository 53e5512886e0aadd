CREATE OR REPLACE VIEW newest_export AS
-- The export that all tables come from: the newest that is complete. DynamoDB writes manifest-summary.json at the end. An
-- export without it is running, or failed. Paths sort by time, since both dt and the id of an export begin with it.
SELECT
  max(dt) AS dt,
  regexp_replace(max(path), 'manifest-summary\.json$', 'data/') AS data_path,
  date_parse(max_by(exporttime, path), '%Y-%m-%dT%H:%i:%s.%fZ') AS exported_at,
  max_by(itemcount, path) AS item_count
FROM recent_exports
WHERE path LIKE '%/manifest-summary.json'
