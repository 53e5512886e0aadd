CREATE OR REPLACE VIEW job_responses AS
-- The answer is nested under responseDetails.response in payloads and flat in Microsoft's table.
WITH opened AS (
  SELECT
    *,
    CASE
      WHEN json_format(json_extract(data, '$.responseDetails.response')) LIKE '{%'
        THEN json_format(json_extract(data, '$.responseDetails.response'))
      ELSE data
    END AS answer
  FROM items
  WHERE event_type = 'JobResponse' AND data IS NOT NULL
)
SELECT
  group_id,
  event_id,
  event_key,
  received_at,
  action_id,
  coalesce(response_id, event_id) AS response_id,
  nullif(json_extract_scalar(answer, '$.assignee'), '') AS assignee,
  nullif(json_extract_scalar(answer, '$.assigneeName'), '') AS assignee_name,
  CASE
    WHEN lower(json_extract_scalar(answer, '$.isCompleted')) IN ('true', '1') THEN true
    WHEN lower(json_extract_scalar(answer, '$.isCompleted')) IN ('false', '0') THEN false
  END AS is_completed
FROM opened
