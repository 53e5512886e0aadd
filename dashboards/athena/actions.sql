CREATE OR REPLACE VIEW actions AS
SELECT
  group_id,
  event_id,
  event_key,
  received_at,
  action_id,
  json_extract_scalar(data, '$.title') AS title,
  coalesce(
    nullif(json_extract_scalar(data, '$.packageId'), ''),
    nullif(json_extract_scalar(data, '$.actionPackageId'), '')
  ) AS package_id
FROM items
WHERE event_type IN ('ActionCreated', 'SurveyCreated') AND data IS NOT NULL
