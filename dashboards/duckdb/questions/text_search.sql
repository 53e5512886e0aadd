-- Where was this written, in whatever case? Before: SET VARIABLE text = 'pump';
SELECT * FROM (SELECT group_id, event_key, received_at, text FROM messages
  UNION ALL SELECT group_id, event_key, received_at, concat_ws(' ', title, text) FROM announcements
  UNION ALL SELECT group_id, event_key, received_at, answer_text FROM answers WHERE is_latest)
WHERE contains(lower(text), lower(getvariable('text')))
ORDER BY received_at DESC;
