-- What was sent to be answered, with the number of its responses; by the rules of src/tables/sums/cards.rs.
WITH told AS (
  SELECT
    group_id, event_id, event_key, received_at, coalesce(action_id, package_id) AS card, action_id, package_id, title,
    1 AS is_card
  FROM actions
  UNION ALL
  SELECT
    group_id, event_id, event_key, received_at, coalesce(action_id, package_id), action_id, package_id, NULL, 0
  FROM latest_responses
),
ranked AS (
  SELECT
    *,
    min(CASE WHEN is_card = 1 THEN received_at END) OVER (PARTITION BY group_id, card) AS created_at,
    sum(1 - is_card) OVER (PARTITION BY group_id, card) AS responses,
    row_number() OVER (
      PARTITION BY group_id, card ORDER BY is_card DESC, received_at DESC, event_key DESC
    ) AS place
  FROM told
),
sizes AS (
  SELECT member_of AS group_id, count(*) AS members_known
  FROM people
  CROSS JOIN UNNEST(CAST(json_parse(groups) AS array(varchar))) AS t (member_of)
  GROUP BY 1
)
SELECT
  group_id, event_id, event_key, received_at, action_id, package_id, title, created_at,
  CAST(responses AS bigint) AS responses, coalesce(members_known, 0) AS members_known
FROM ranked
LEFT JOIN sizes USING (group_id)
WHERE place = 1 AND card IS NOT NULL
