CREATE OR REPLACE VIEW subgroups AS
-- group_id is the parent.
SELECT
  group_id,
  event_id,
  event_key,
  received_at,
  CASE event_type WHEN 'GroupAdded' THEN 'added' ELSE 'removed' END AS change,
  nullif(json_extract_scalar(data, '$.groupId'), '') AS subgroup_id,
  nullif(json_extract_scalar(data, '$.groupName'), '') AS subgroup_name,
  nullif(json_extract_scalar(data, '$.groupType'), '') AS subgroup_type
FROM items
WHERE event_type IN ('GroupAdded', 'GroupRemoved') AND data IS NOT NULL
