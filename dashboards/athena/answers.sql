CREATE OR REPLACE VIEW answers AS
-- One row per value: each of several options or media, one for anything else, and one without a value for a question that
-- was not answered. A value fills the columns of its kind alone. What does not fit the type of its question stands in
-- answer_text as it was sent.
WITH listed AS (
  SELECT
    *,
    CASE
      WHEN json_format(json_extract(data, '$.responseDetails.responseWithQuestions')) LIKE '[%'
        THEN CAST(json_extract(data, '$.responseDetails.responseWithQuestions') AS array(json))
      WHEN json_format(json_extract(data, '$.responseDetails.responseWithQuestions')) <> 'null'
        THEN ARRAY[json_extract(data, '$.responseDetails.responseWithQuestions')]
    END AS questions
  FROM response_items
),
asked AS (
  SELECT
    listed.*,
    question_position,
    coalesce(json_extract_scalar(question, '$.title'), json_extract_scalar(question, '$')) AS question_title,
    nullif(json_extract_scalar(question, '$.type'), '') AS question_type,
    coalesce(lower(json_extract_scalar(question, '$.isInvisible')) IN ('true', '1'), false) AS is_invisible,
    CASE
      WHEN json_format(json_extract(question, '$.answer')) NOT IN ('null', '""', '[]')
        THEN json_extract(question, '$.answer')
    END AS answer
  FROM listed
  CROSS JOIN UNNEST(questions) WITH ORDINALITY AS q (question, question_position)
),
split AS (
  SELECT
    *,
    CASE
      WHEN question_type IN ('SingleOption', 'SingleOptionExternal', 'MultiOption', 'MultipleOption') THEN 'option'
      WHEN question_type IN ('AttachmentList', 'Image') THEN 'medium'
    END AS element,
    CASE WHEN json_format(answer) LIKE '[%' THEN CAST(answer AS array(json)) ELSE ARRAY[answer] END AS elements
  FROM asked
),
judged AS (
  SELECT
    *,
    CASE element
      WHEN 'option' THEN cardinality(
        filter(elements, e -> coalesce(json_extract_scalar(e, '$'), json_extract_scalar(e, '$.title')) IS NULL)
      ) = 0
      WHEN 'medium' THEN cardinality(
        filter(
          elements,
          e -> json_format(e) NOT LIKE '"%' AND coalesce(
            nullif(json_extract_scalar(e, '$.mediaUrl'), ''),
            nullif(json_extract_scalar(e, '$.url'), ''),
            nullif(json_extract_scalar(e, '$.mediaFileName'), ''),
            nullif(json_extract_scalar(e, '$.fileName'), '')
          ) IS NULL
        )
      ) = 0
      ELSE false
    END AS fits
  FROM split
),
valued AS (
  SELECT
    judged.*,
    answer_position,
    value,
    json_extract_scalar(value, '$') AS scalar,
    json_format(value) LIKE '"%' AS is_string,
    try_cast(trim(json_extract_scalar(value, '$')) AS double) AS number,
    CASE
      WHEN question_type = 'Location' THEN coalesce(json_extract_scalar(value, '$'), json_format(value))
    END AS location
  FROM judged
  LEFT JOIN UNNEST(
    CASE WHEN answer IS NULL THEN NULL WHEN fits THEN elements ELSE ARRAY[answer] END
  ) WITH ORDINALITY AS a (value, answer_position) ON true
),
placed AS (
  SELECT
    *,
    CASE question_type
      WHEN 'DateTime' THEN floor(number)
      WHEN 'Date' THEN floor(CASE WHEN abs(number) < 1e11 THEN number * 1000 ELSE number END)
    END AS epoch_millis,
    try_cast(coalesce(json_extract_scalar(location, '$.lt'), json_extract_scalar(location, '$.latitude')) AS double)
      AS degrees_north,
    try_cast(coalesce(json_extract_scalar(location, '$.lg'), json_extract_scalar(location, '$.longitude')) AS double)
      AS degrees_east
  FROM valued
),
typed AS (
  SELECT
    *,
    CASE WHEN question_type = 'Numeric' AND is_finite(number) THEN number END AS answer_number,
    CASE
      WHEN epoch_millis >= 0 AND epoch_millis < 253402300800000
        THEN date_add('millisecond', CAST(epoch_millis AS bigint), TIMESTAMP '1970-01-01 00:00:00.000')
    END AS answer_time,
    is_finite(degrees_north) AND is_finite(degrees_east) AS has_place,
    CASE
      WHEN NOT fits OR element <> 'medium' THEN NULL
      WHEN is_string THEN scalar
      ELSE coalesce(
        nullif(json_extract_scalar(value, '$.mediaUrl'), ''), nullif(json_extract_scalar(value, '$.url'), '')
      )
    END AS media_url,
    CASE
      WHEN fits AND element = 'medium' THEN coalesce(
        nullif(json_extract_scalar(value, '$.mediaFileName'), ''), nullif(json_extract_scalar(value, '$.fileName'), '')
      )
    END AS media_file_name
  FROM placed
)
SELECT
  group_id,
  event_id,
  event_key,
  received_at,
  response_id,
  action_id,
  package_id,
  question_position,
  question_title,
  question_type,
  is_invisible,
  answer_position,
  CASE
    WHEN answer_number IS NOT NULL OR answer_time IS NOT NULL OR has_place OR (fits AND element = 'medium') THEN NULL
    WHEN fits AND element = 'option' THEN coalesce(scalar, json_extract_scalar(value, '$.title'))
    WHEN question_type = 'PhoneNumber'
      AND json_extract_scalar(value, '$.cc') IS NOT NULL AND json_extract_scalar(value, '$.pn') IS NOT NULL
      THEN '+' || regexp_replace(json_extract_scalar(value, '$.cc'), '^\+', '') || json_extract_scalar(value, '$.pn')
    WHEN is_string THEN scalar
    ELSE json_format(value)
  END AS answer_text,
  answer_number,
  answer_time,
  CASE WHEN has_place THEN degrees_north END AS latitude,
  CASE WHEN has_place THEN degrees_east END AS longitude,
  CASE
    WHEN has_place
      THEN try_cast(coalesce(json_extract_scalar(location, '$.acc'), json_extract_scalar(location, '$.accuracy')) AS double)
  END AS accuracy_m,
  CASE
    WHEN has_place THEN nullif(
      concat_ws(
        ', ',
        coalesce(nullif(json_extract_scalar(location, '$.n'), ''), nullif(json_extract_scalar(location, '$.name'), '')),
        coalesce(nullif(json_extract_scalar(location, '$.a'), ''), nullif(json_extract_scalar(location, '$.address'), ''))
      ),
      ''
    )
  END AS place,
  media_url,
  media_file_name,
  is_latest
FROM typed
