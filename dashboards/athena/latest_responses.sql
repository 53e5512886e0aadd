-- The newest version of each response. It is looked for among all of them; conditions choose among what was found.
SELECT
  group_id, event_id, event_key, received_at, event_type, action_id, package_id, response_id, responder_id, responder,
  responder_name, is_anonymous, is_update, responded_at, day
FROM (
  SELECT
    *,
    row_number() OVER (PARTITION BY group_id, response_id ORDER BY received_at DESC, event_key DESC) AS age
  FROM responses
)
WHERE age = 1
