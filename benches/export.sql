-- What `kaizala export` is compared with: the table `answers` of an export's files, by DuckDB alone. Written for speed: each
-- body is parsed once (json_transform), and only those of responses. Forms of answers that the generator does not make, and
-- bodies that are stored gzipped or in parts, are left out, which is to DuckDB's advantage.
COPY (
  WITH items AS (
    SELECT Item AS i
    FROM read_json(
      getvariable('files'),
      format = 'newline_delimited',
      maximum_object_size = 4000000,
      columns = {
        Item: 'STRUCT(
          groupId STRUCT(S VARCHAR), eventKey STRUCT(S VARCHAR), eventId STRUCT(S VARCHAR), eventType STRUCT(S VARCHAR),
          responseId STRUCT(S VARCHAR), receivedAt STRUCT(S VARCHAR), occurredAt STRUCT(S VARCHAR),
          pulled STRUCT("BOOL" BOOLEAN), payload STRUCT(S VARCHAR)
        )'
      }
    )
    WHERE Item.eventType.S IN ('ActionResponse', 'SurveyResponse', 'PollResponse', 'LetsMeetResponse')
  ),
  opened AS (
    SELECT
      i,
      json_transform(
        i.payload.S,
        '{"data": {"actionId": "VARCHAR", "packageId": "VARCHAR", "actionPackageId": "VARCHAR", "isUpdateResponse": "BOOLEAN",
          "responseDetails":
          {"responseWithQuestions": [{"title": "VARCHAR", "type": "VARCHAR", "isInvisible": "BOOLEAN", "answer": "JSON"}]}}}'
      ).data AS data
    FROM items
  ),
  responses AS (
    SELECT
      i.groupId.S AS group_id,
      i.eventId.S AS event_id,
      i.eventKey.S AS event_key,
      i.receivedAt.S::TIMESTAMPTZ AS received_at,
      coalesce(i.responseId.S, i.eventId.S) AS response_id,
      row_number() OVER (
        PARTITION BY i.groupId.S, coalesce(i.responseId.S, i.eventId.S)
        ORDER BY
          coalesce(opened.data.isUpdateResponse, false) OR coalesce(i.pulled."BOOL", false) DESC,
          CASE WHEN i.pulled."BOOL" THEN i.receivedAt.S ELSE least(i.occurredAt.S, i.receivedAt.S) END DESC,
          i.receivedAt.S DESC,
          i.eventKey.S DESC
      ) = 1 AS is_latest,
      data
    FROM opened
  ),
  questions AS (
    SELECT
      * EXCLUDE (data),
      data.actionId AS action_id,
      coalesce(data.packageId, data.actionPackageId) AS package_id,
      unnest(data.responseDetails.responseWithQuestions) AS question,
      generate_subscripts(data.responseDetails.responseWithQuestions, 1) AS question_position
    FROM responses
  ),
  answers AS (
    SELECT
      * EXCLUDE (question),
      question.title AS question_title,
      question.type AS question_type,
      coalesce(question.isInvisible, false) AS is_invisible,
      CASE
        WHEN question.answer IS NULL OR question.answer::VARCHAR IN ('null', '""', '[]') THEN [NULL::JSON]
        WHEN json_type(question.answer) = 'ARRAY' THEN try_cast(question.answer AS JSON[])
        ELSE [question.answer]
      END AS answer
    FROM questions
  ),
  answer_values AS (
    SELECT * EXCLUDE (answer), unnest(answer) AS value, generate_subscripts(answer, 1) AS answer_position
    FROM answers
  ),
  read AS (
    SELECT
      *,
      CASE
        WHEN question_type = 'Location' THEN
          CASE WHEN json_type(value) = 'VARCHAR' THEN try_cast(value ->> '$' AS JSON) ELSE value END
      END AS location
    FROM answer_values
  )
  SELECT
    group_id, event_id, event_key, received_at, response_id, action_id, package_id,
    question_position, question_title, question_type, is_invisible,
    CASE WHEN value IS NOT NULL THEN answer_position END AS answer_position,
    CASE question_type
      WHEN 'Numeric' THEN NULL
      WHEN 'DateTime' THEN NULL
      WHEN 'Date' THEN NULL
      WHEN 'Location' THEN NULL
      WHEN 'AttachmentList' THEN NULL
      WHEN 'Image' THEN NULL
      WHEN 'PhoneNumber' THEN '+' || (value ->> '$.cc') || (value ->> '$.pn')
      ELSE value ->> '$'
    END AS answer_text,
    CASE WHEN question_type = 'Numeric' THEN try_cast(value ->> '$' AS DOUBLE) END AS answer_number,
    CASE question_type
      WHEN 'DateTime' THEN make_timestamp_ms(try_cast(value ->> '$' AS BIGINT))
      WHEN 'Date' THEN
        make_timestamp_ms(CASE WHEN try_cast(value ->> '$' AS DOUBLE) < 1e11 THEN try_cast(value ->> '$' AS DOUBLE) * 1000 ELSE try_cast(value ->> '$' AS DOUBLE) END::BIGINT)
    END AS answer_time,
    try_cast(coalesce(location ->> '$.lt', location ->> '$.latitude') AS DOUBLE) AS latitude,
    try_cast(coalesce(location ->> '$.lg', location ->> '$.longitude') AS DOUBLE) AS longitude,
    try_cast(coalesce(location ->> '$.acc', location ->> '$.accuracy') AS DOUBLE) AS accuracy_m,
    nullif(concat_ws(', ', coalesce(location ->> '$.n', location ->> '$.name'), coalesce(location ->> '$.a', location ->> '$.address')), '') AS place,
    CASE
      WHEN question_type IN ('AttachmentList', 'Image') THEN
        CASE WHEN json_type(value) = 'VARCHAR' THEN value ->> '$' ELSE value ->> '$.mediaUrl' END
    END AS media_url,
    CASE WHEN question_type IN ('AttachmentList', 'Image') THEN value ->> '$.mediaFileName' END AS media_file_name,
    is_latest
  FROM read
) TO 'answers.parquet' (FORMAT parquet, COMPRESSION zstd);
