-- How much of what was assigned in each group is done? The worst first. An assignee's latest answer to a job counts.
SELECT group_id, count(*) AS assigned, count(*) FILTER (is_completed) AS completed, round(100 * completed / assigned) AS percent
FROM (SELECT DISTINCT group_id, action_id, assignee FROM jobs WHERE assignee IS NOT NULL)
LEFT JOIN (SELECT group_id, action_id, assignee, max_by(is_completed, ranked_at) AS is_completed FROM job_responses
  WHERE is_latest GROUP BY ALL) USING (group_id, action_id, assignee)
GROUP BY group_id ORDER BY percent, assigned DESC;
