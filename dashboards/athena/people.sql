-- One row per person, by the rules of src/tables/sums/people.rs: a phone number is its user's if it is the last of the user's
-- numbers that nobody else has.
WITH seen AS (
  SELECT
    group_id, event_id, event_key, received_at, from_user_id AS user_id, from_user AS phone, from_user_name AS name,
    CAST(NULL AS varchar) AS change
  FROM events
  UNION ALL
  SELECT group_id, event_id, event_key, received_at, responder_id, responder, responder_name, NULL FROM responses
  UNION ALL
  SELECT group_id, event_id, event_key, received_at, NULL, assignee, NULL, NULL FROM jobs
  UNION ALL
  SELECT group_id, event_id, event_key, received_at, NULL, assignee, assignee_name, NULL FROM job_responses
  UNION ALL
  SELECT group_id, event_id, event_key, received_at, member_id, member, member_name, change FROM members
),
phones AS (
  SELECT phone, max(user_id) AS user_id, max(received_at) AS last_seen
  FROM seen
  WHERE phone IS NOT NULL AND user_id IS NOT NULL
  GROUP BY phone
  HAVING count(DISTINCT user_id) = 1
),
users AS (
  SELECT user_id, phone
  FROM (SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY last_seen DESC, phone DESC) AS place FROM phones)
  WHERE place = 1
),
known AS (
  SELECT
    seen.group_id, event_id, event_key, received_at, name, change,
    coalesce(seen.user_id, users.user_id, seen.phone) AS person_id,
    coalesce(seen.user_id, users.user_id) AS user_id
  FROM seen
  LEFT JOIN users ON users.phone = seen.phone AND seen.user_id IS NULL
  WHERE seen.user_id IS NOT NULL OR seen.phone IS NOT NULL
),
ranked AS (
  SELECT
    *,
    min(received_at) OVER (PARTITION BY person_id, user_id) AS first_seen,
    row_number() OVER (
      PARTITION BY person_id, user_id ORDER BY received_at DESC, group_id DESC, event_key DESC
    ) AS place,
    row_number() OVER (
      PARTITION BY person_id, user_id
      ORDER BY name IS NULL, received_at DESC, group_id DESC, event_key DESC, name DESC
    ) AS name_place,
    row_number() OVER (
      PARTITION BY person_id, user_id, group_id ORDER BY change IS NULL, received_at DESC, event_key DESC
    ) AS change_place
  FROM known
)
SELECT
  max(CASE WHEN place = 1 THEN group_id END) AS group_id,
  max(CASE WHEN place = 1 THEN event_id END) AS event_id,
  max(CASE WHEN place = 1 THEN event_key END) AS event_key,
  max(received_at) AS received_at,
  ranked.person_id,
  ranked.user_id,
  CASE WHEN ranked.user_id IS NULL THEN ranked.person_id ELSE max(users.phone) END AS phone,
  max(CASE WHEN name_place = 1 THEN name END) AS name,
  min(first_seen) AS first_seen,
  max(received_at) AS last_seen,
  coalesce(
    json_format(CAST(
      array_agg(group_id ORDER BY group_id) FILTER (WHERE change_place = 1 AND coalesce(change, '') <> 'removed') AS json
    )),
    '[]'
  ) AS groups
FROM ranked
LEFT JOIN users ON users.user_id = ranked.user_id
GROUP BY ranked.person_id, ranked.user_id
