-- Which jobs are overdue, and who has not done them? The longest first.
SELECT group_id, action_id, title, assignee, due_at, now() - due_at AS overdue
FROM jobs
LEFT JOIN (SELECT group_id, action_id, assignee, max_by(is_completed, ranked_at) AS is_completed FROM job_responses
  WHERE is_latest GROUP BY ALL) USING (group_id, action_id, assignee)
WHERE due_at < now() AND is_completed IS DISTINCT FROM true ORDER BY due_at;
