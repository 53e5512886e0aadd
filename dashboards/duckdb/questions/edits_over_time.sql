-- How many responses a day were edited? Every version of a response but the first is an edit.
SELECT received_at::DATE AS day, count(*) AS edits
FROM (FROM responses QUALIFY row_number() OVER (PARTITION BY group_id, response_id ORDER BY received_at, event_key) > 1)
GROUP BY ALL
ORDER BY day;
