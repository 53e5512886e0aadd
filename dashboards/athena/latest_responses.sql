-- The latest version of each response, by the order of src/event/latest.rs. It is looked for among all of them; conditions
-- choose among what was found.
SELECT
  group_id, event_id, event_key, received_at, event_type, action_id, package_id, response_id, responder_id, responder,
  responder_name, is_anonymous, is_update, is_pulled, ranked_at, responded_at, person_id,
  properties, day
FROM (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY group_id, response_id
      ORDER BY is_update OR is_pulled DESC, ranked_at DESC, received_at DESC, event_key DESC
    ) AS place
  FROM responses
)
WHERE place = 1
