CREATE OR REPLACE VIEW members AS
SELECT
  group_id,
  event_id,
  event_key,
  received_at,
  CASE event_type WHEN 'MemberAdded' THEN 'added' ELSE 'removed' END AS change,
  nullif(json_extract_scalar(data, '$.memberId'), '') AS member_id,
  nullif(json_extract_scalar(data, '$.member'), '') AS member,
  nullif(json_extract_scalar(data, '$.memberName'), '') AS member_name,
  nullif(json_extract_scalar(data, '$.type'), '') AS role
FROM items
WHERE event_type IN ('MemberAdded', 'MemberRemoved') AND data IS NOT NULL
