-- The newest version of each answer to a job.
SELECT
  group_id, event_id, event_key, received_at, action_id, response_id, assignee, assignee_name, is_completed, day
FROM (
  SELECT
    *,
    row_number() OVER (PARTITION BY group_id, response_id ORDER BY received_at DESC, event_key DESC) AS age
  FROM job_responses
)
WHERE age = 1
