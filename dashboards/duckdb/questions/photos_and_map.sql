-- Which photos and places were sent, where and when? Photos of a response lie where the response says that it is.
SELECT group_id, action_id, event_key, received_at, question_title, media_file_name, media_url,
  coalesce(latitude, first(latitude IGNORE NULLS) OVER response) AS latitude, coalesce(longitude, first(longitude IGNORE NULLS) OVER response) AS longitude
FROM answers WHERE is_latest WINDOW response AS (PARTITION BY group_id, event_key ORDER BY question_position, answer_position
  ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) QUALIFY media_url IS NOT NULL OR answers.latitude IS NOT NULL
UNION ALL BY NAME SELECT group_id, event_key, received_at, media_file_name, media_url FROM attachments;
