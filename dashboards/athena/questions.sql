CREATE OR REPLACE VIEW questions AS
-- The questions come from data.questions or, in the shape that Microsoft's page prints, from where a response has them.
WITH created AS (
  SELECT
    *,
    json_extract(data, '$.questions') AS plain,
    json_extract(data, '$.responseDetails.responseWithQuestions') AS answered
  FROM items
  WHERE event_type IN ('ActionCreated', 'SurveyCreated') AND data IS NOT NULL
),
listed AS (
  SELECT
    *,
    CASE
      WHEN json_format(plain) LIKE '[%' AND json_format(plain) <> '[]' THEN CAST(plain AS array(json))
      WHEN json_format(plain) NOT IN ('[]', 'null') THEN ARRAY[plain]
      WHEN json_format(answered) LIKE '[%' THEN CAST(answered AS array(json))
      WHEN json_format(answered) <> 'null' THEN ARRAY[answered]
    END AS questions
  FROM created
),
asked AS (
  SELECT
    listed.*,
    "position",
    question,
    json_extract(question, '$.options') AS options
  FROM listed
  CROSS JOIN UNNEST(questions) WITH ORDINALITY AS q (question, "position")
),
offered AS (
  SELECT
    *,
    filter(
      transform(
        CASE
          WHEN json_format(options) LIKE '[%' THEN CAST(options AS array(json))
          WHEN json_format(options) <> 'null' THEN ARRAY[options]
        END,
        choice -> coalesce(json_extract_scalar(choice, '$'), json_extract_scalar(choice, '$.title'))
      ),
      title -> title IS NOT NULL
    ) AS titles
  FROM asked
)
SELECT
  group_id,
  event_id,
  event_key,
  received_at,
  action_id,
  "position",
  coalesce(json_extract_scalar(question, '$.title'), json_extract_scalar(question, '$')) AS title,
  nullif(json_extract_scalar(question, '$.type'), '') AS type,
  CASE WHEN cardinality(titles) > 0 THEN json_format(CAST(titles AS json)) END AS options
FROM offered
