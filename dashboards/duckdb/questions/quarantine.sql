-- What could not be read, and why? `kaizala quarantine show` shows a body by its key.
SELECT received_at::DATE AS day, reason, count(*) AS bodies, sum(bytes) AS bytes, any_value(event_key) AS example
FROM quarantine
GROUP BY ALL
ORDER BY day, bodies DESC;
