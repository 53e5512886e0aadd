CREATE OR REPLACE VIEW announcements AS
SELECT
  group_id,
  event_id,
  event_key,
  received_at,
  json_extract_scalar(data, '$.title') AS title,
  json_extract_scalar(data, '$.text') AS text
FROM items
WHERE event_type = 'Announcement' AND data IS NOT NULL
