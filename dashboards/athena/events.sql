CREATE OR REPLACE VIEW events AS
SELECT
  group_id,
  event_id,
  event_key,
  received_at,
  event_type,
  object_type,
  object_id,
  action_id,
  response_id,
  from_user_id,
  nullif(json_extract_scalar(body, '$.fromUserName'), '') AS from_user_name,
  occurred_at,
  revision_of
FROM items
WHERE reason IS NULL
