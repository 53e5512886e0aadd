-- Who is most active? Edits do not count, and nobody is seen in anonymous responses.
SELECT person_id, max_by(from_user_name, received_at) AS name,
  count(*) AS events, min(received_at) AS first_seen, max(received_at) AS last_seen
FROM events
WHERE revision_of IS NULL AND person_id IS NOT NULL
GROUP BY person_id ORDER BY events DESC, person_id LIMIT 20;
