-- What has each person answered last to each card? Anonymous responses cannot be told apart by person: each counts.
SELECT group_id, action_id, person, question_title, answer_position, answer_text, answer_number
FROM answers JOIN (
  SELECT group_id, event_key, coalesce(person_id, event_key) AS person FROM responses WHERE is_latest
  QUALIFY row_number() OVER (PARTITION BY group_id, action_id, person ORDER BY ranked_at DESC, received_at DESC, event_key DESC) = 1
) USING (group_id, event_key) ORDER BY ALL;
