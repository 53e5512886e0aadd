CREATE OR REPLACE VIEW jobs AS
-- One row per assignee, however often named, and one without an assignee for a job that names none. A due date has any offset from UTC, and Athena
-- casts no timestamp with a time zone to one without: hence by way of the epoch.
WITH assigned AS (
  SELECT
    *,
    json_extract(data, '$.assignedTo') AS assigned_to,
    CASE
      WHEN regexp_like(
        json_extract_scalar(data, '$.dueDate'),
        '^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$'
      ) THEN try(
        to_unixtime(from_iso8601_timestamp(upper(replace(json_extract_scalar(data, '$.dueDate'), ' ', 'T'))))
      )
      ELSE try_cast(json_extract_scalar(data, '$.dueDate') AS double)
    END AS due
  FROM items
  WHERE event_type = 'JobCreated' AND data IS NOT NULL
),
dated AS (
  SELECT
    *,
    round(CASE WHEN abs(due) < 1e11 THEN due * 1000 ELSE due END) AS due_millis,
    array_distinct(
      filter(
        transform(
          CASE
            WHEN json_format(assigned_to) LIKE '[%' THEN CAST(assigned_to AS array(json))
            WHEN json_format(assigned_to) <> 'null' THEN ARRAY[assigned_to]
          END,
          phone -> nullif(json_extract_scalar(phone, '$'), '')
        ),
        phone -> phone IS NOT NULL
      )
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
  END AS due_at,
  assignee
FROM dated
LEFT JOIN UNNEST(assignees) AS a (assignee) ON true
