-- How many responses a day has each card had? An edited response counts once, on the day of its latest version.
SELECT received_at::DATE AS day, group_id, action_id, title, count(*) AS responses
FROM responses
LEFT JOIN (SELECT group_id, action_id, max_by(title, received_at) AS title FROM actions GROUP BY ALL) USING (group_id, action_id)
WHERE is_latest
GROUP BY ALL
ORDER BY day, responses DESC;
