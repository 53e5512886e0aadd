-- One row per assignee; one without an assignee for a job that names none.
CREATE OR REPLACE VIEW jobs AS
WITH assigned AS (
  SELECT
    *,
    json_extract(data, '$.assignedTo') AS assigned_to,
    json_extract_scalar(data, '$.dueDate') AS due,
    try_cast(json_extract_scalar(data, '$.dueDate') AS double) AS due_number
  FROM items
  WHERE event_type = 'JobCreated' AND data IS NOT NULL
),
dated AS (
  SELECT
    *,
    floor(CASE WHEN abs(due_number) < 1e11 THEN due_number * 1000 ELSE due_number END) AS due_millis,
    filter(
      transform(
        CASE
          WHEN json_format(assigned_to) LIKE '[%' THEN CAST(assigned_to AS array(json))
          WHEN json_format(assigned_to) <> 'null' THEN ARRAY[assigned_to]
        END,
        phone -> nullif(json_extract_scalar(phone, '$'), '')
      ),
      phone -> phone IS NOT NULL
    ) AS assignees
  FROM assigned
)
SELECT
  group_id,
  event_id,
  event_key,
  received_at,
  action_id,
  json_extract_scalar(data, '$.title') AS title,
  json_extract_scalar(data, '$.text') AS text,
  CASE
    WHEN due_millis >= 0 AND due_millis < 253402300800000
      THEN date_add('millisecond', CAST(due_millis AS bigint), TIMESTAMP '1970-01-01 00:00:00.000')
    WHEN regexp_like(due, '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$')
      THEN try(CAST(from_iso8601_timestamp(due) AT TIME ZONE 'UTC' AS timestamp(3)))
  END AS due_at,
  assignee
FROM dated
LEFT JOIN UNNEST(assignees) AS a (assignee) ON true
