-- The latest version of each answer to a job, by the same order.
SELECT
  group_id, event_id, event_key, received_at, action_id, response_id, assignee, assignee_name, person_id, is_completed,
  is_update, is_pulled, ranked_at, day
FROM (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY group_id, response_id
      ORDER BY is_update OR is_pulled DESC, ranked_at DESC, received_at DESC, event_key DESC
    ) AS place
  FROM job_responses
)
WHERE place = 1
