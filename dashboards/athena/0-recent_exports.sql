CREATE OR REPLACE VIEW recent_exports AS
-- The lines of the exports of the last three days, so that one export that fails leaves yesterday's to be read. Every day
-- more is a day more to scan, for each query on each view.
SELECT dt, "$path" AS path, item, exporttime, itemcount
FROM dynamodb_export
WHERE dt >= CAST(current_date - INTERVAL '3' DAY AS varchar)
