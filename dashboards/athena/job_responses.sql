CREATE OR REPLACE VIEW job_responses AS
-- The answer is nested under responseDetails.response in payloads and flat in Microsoft's table.
WITH opened AS (
  SELECT
    *,
    CASE
      WHEN json_format(json_extract(data, '$.responseDetails.response')) LIKE '{%'
        THEN json_format(json_extract(data, '$.responseDetails.response'))
      ELSE data
    END AS answer,
    coalesce(lower(json_extract_scalar(data, '$.isUpdateResponse')) IN ('true', '1'), false) AS is_update,
    CASE WHEN is_pulled THEN received_at ELSE least(coalesce(occurred_at, received_at), received_at) END AS ranked_at
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
  END AS is_completed,
  is_update,
  is_pulled,
  row_number() OVER (
    PARTITION BY group_id, coalesce(response_id, event_id)
    ORDER BY is_update OR is_pulled DESC, ranked_at DESC, received_at DESC, event_key DESC
  ) = 1 AS is_latest,
  ranked_at
FROM opened
