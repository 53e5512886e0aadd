-- What was answered, one row per response? The answers are a map by question: answers['Seats'], say.
SELECT group_id, action_id, response_id, received_at, map_from_entries(list((question, answer) ORDER BY position)) AS answers
FROM (SELECT group_id, action_id, response_id, received_at, min(question_position) AS position, question_title AS question,
  string_agg(coalesce(answer_text, answer_number::VARCHAR, answer_time::VARCHAR, place, media_url), '; ' ORDER BY answer_position) AS answer
  FROM answers WHERE is_latest AND question_title IS NOT NULL GROUP BY ALL)
GROUP BY ALL ORDER BY received_at;
