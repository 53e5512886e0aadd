-- The answers of the latest version of each response. All rows of an event have the same day.
SELECT
  group_id, event_id, event_key, received_at, response_id, action_id, package_id, question_position, question_title,
  question_type, is_invisible, answer_position, answer_text, answer_number, answer_time, answer_json, latitude, longitude,
  accuracy_m, place, media_url, media_file_name, day
FROM answers
JOIN (SELECT group_id, event_key, day FROM latest_responses) USING (group_id, event_key, day)
