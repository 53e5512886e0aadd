-- What dashboards ask most, over the views of parquet.sql. `is_latest` leaves out what was edited afterwards.

-- Events a day by type.
CREATE OR REPLACE VIEW events_per_day AS
SELECT received_at::DATE AS day, event_type, count(*) AS events
FROM events
GROUP BY ALL;

-- Responses and responders by action. The title is that of the newest event that tells it.
CREATE OR REPLACE VIEW responses_per_action AS
SELECT
  r.group_id,
  r.action_id,
  max_by(a.title, a.received_at) AS title,
  count(DISTINCT r.response_id) AS responses,
  count(DISTINCT r.responder) AS responders,
  max(coalesce(r.responded_at, r.received_at)) AS last_response
FROM responses AS r
LEFT JOIN actions AS a USING (group_id, action_id)
WHERE r.is_latest
GROUP BY ALL;

-- How often each option was chosen. Questions have no id: their position and title together tell them apart.
CREATE OR REPLACE VIEW choices AS
SELECT group_id, action_id, question_position, question_title, answer_text AS choice, count(*) AS answers
FROM answers
WHERE is_latest
  AND question_type IN ('SingleOption', 'SingleOptionExternal', 'MultiOption', 'MultipleOption')
  AND answer_text IS NOT NULL
GROUP BY ALL;

-- Numbers by question.
CREATE OR REPLACE VIEW numbers AS
SELECT
  group_id, action_id, question_position, question_title,
  count(*) AS answers, min(answer_number) AS smallest, median(answer_number) AS median, max(answer_number) AS largest
FROM answers
WHERE is_latest AND answer_number IS NOT NULL
GROUP BY ALL;

-- Jobs, and who has done them. An assignee's latest answer counts.
CREATE OR REPLACE VIEW job_status AS
SELECT
  j.group_id, j.action_id, j.title, j.due_at, j.assignee,
  coalesce(max_by(r.is_completed, r.ranked_at), false) AS is_completed
FROM jobs AS j
LEFT JOIN (FROM job_responses WHERE is_latest) AS r USING (group_id, action_id, assignee)
GROUP BY ALL;
