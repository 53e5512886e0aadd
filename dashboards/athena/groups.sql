-- One name for each group, by the order of src/tables/sums/groups.rs: a file beats the API, which beats archives and events.
SELECT named_group_id AS group_id, event_id, event_key, received_at, name, type, source
FROM (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY named_group_id
      ORDER BY
        CASE source WHEN 'file' THEN 3 WHEN 'api' THEN 2 WHEN 'archive' THEN 1 ELSE 0 END DESC,
        received_at DESC, group_id DESC, event_key DESC
    ) AS place
  FROM group_names
)
WHERE place = 1 AND named_group_id IS NOT NULL
