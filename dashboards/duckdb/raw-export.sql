-- The tables events, responses and answers straight from the files of one DynamoDB export, with nothing but DuckDB:
--
--   duckdb -cmd "SET VARIABLE export = 's3://bucket/exports/dt=2023-03-06T02:00:00Z/AWSDynamoDB/01678068003512-471e437d'" \
--     -cmd ".read dashboards/duckdb/raw-export.sql"
--
-- `kaizala export` gives all tables, and faster. Bodies that are stored gzipped or in parts are for it alone: here their
-- events have only what the item says, and their responses no answers.

CREATE OR REPLACE VIEW items AS
WITH stored AS (
  SELECT Item AS i
  FROM read_json(
    getvariable('export') || '/data/*.json.gz',
    format = 'newline_delimited',
    maximum_object_size = 4000000,
    columns = {
      Item: 'STRUCT(
        groupId STRUCT(S VARCHAR), eventKey STRUCT(S VARCHAR), eventId STRUCT(S VARCHAR), eventType STRUCT(S VARCHAR),
        objectType STRUCT(S VARCHAR), objectId STRUCT(S VARCHAR), actionId STRUCT(S VARCHAR), responseId STRUCT(S VARCHAR),
        fromUserId STRUCT(S VARCHAR), receivedAt STRUCT(S VARCHAR), occurredAt STRUCT(S VARCHAR),
        revisionOf STRUCT(S VARCHAR), pulled STRUCT("BOOL" BOOLEAN), reason STRUCT(S VARCHAR), payload STRUCT(S VARCHAR), part STRUCT(B VARCHAR)
      )'
    }
  )
),
readable AS (
  SELECT
    i,
    ltrim(i.payload.S, chr(65279)) AS body,
    -- Half an emoji (an escaped surrogate without its other half) is no JSON to DuckDB. The control characters 1 and 2
    -- stand for escaped backslashes and around whole pairs, until what is left has been replaced.
    CASE
      WHEN json_valid(body) THEN body::JSON
      ELSE body
        .replace('\\', chr(1))
        .regexp_replace('\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})', chr(2) || '\1' || chr(2) || '\2', 'gi')
        .regexp_replace('\\ud[89a-f][0-9a-f]{2}', '\\ufffd\\ufffd\\ufffd', 'gi')
        .replace(chr(2), '\u')
        .replace(chr(1), '\\')::JSON
    END AS json
  FROM stored
  WHERE i.part IS NULL AND i.reason IS NULL
)
SELECT
  i.groupId.S AS group_id,
  i.eventId.S AS event_id,
  i.eventKey.S AS event_key,
  i.receivedAt.S::TIMESTAMPTZ AT TIME ZONE 'UTC' AS received_at,
  i.eventType.S AS event_type,
  i.objectType.S AS object_type,
  i.objectId.S AS object_id,
  i.actionId.S AS action_id,
  i.responseId.S AS response_id,
  i.fromUserId.S AS from_user_id,
  nullif(json ->> '$.fromUserName', '') AS from_user_name,
  i.occurredAt.S::TIMESTAMPTZ AT TIME ZONE 'UTC' AS occurred_at,
  i.revisionOf.S AS revision_of,
  coalesce(i.pulled."BOOL", false) AS is_pulled,
  CASE WHEN is_pulled THEN received_at ELSE least(received_at, occurred_at) END AS ranked_at,
  body IS NULL AS is_packed,
  CASE WHEN json_type(json, '$.data') = 'OBJECT' THEN json -> '$.data' END AS data
FROM readable;

CREATE OR REPLACE VIEW events AS
SELECT * EXCLUDE (is_pulled, ranked_at, is_packed, data) FROM items;

-- A Boolean in any of the forms in which Kaizala sends it.
CREATE OR REPLACE MACRO flag(value) AS
  CASE WHEN lower(value) IN ('true', '1') THEN true WHEN lower(value) IN ('false', '0') THEN false END;

-- The order of versions is that of src/event/latest.rs.
CREATE OR REPLACE VIEW response_items AS
SELECT
  group_id, event_id, event_key, received_at, event_type, action_id,
  coalesce(nullif(data ->> '$.packageId', ''), nullif(data ->> '$.actionPackageId', '')) AS package_id,
  coalesce(response_id, event_id) AS response_id,
  nullif(data ->> '$.responderId', '') AS responder_id,
  nullif(data ->> '$.responder', '') AS responder,
  nullif(data ->> '$.responderName', '') AS responder_name,
  flag(data ->> '$.isAnonymous') AS is_anonymous,
  coalesce(flag(data ->> '$.isUpdateResponse'), false) AS is_update,
  is_pulled,
  row_number() OVER (
    PARTITION BY group_id, coalesce(response_id, event_id)
    ORDER BY is_update OR is_pulled DESC, ranked_at DESC, received_at DESC, event_key DESC
  ) = 1 AS is_latest,
  ranked_at,
  occurred_at AS responded_at,
  data
FROM items
WHERE event_type IN ('ActionResponse', 'SurveyResponse') AND (data IS NOT NULL OR is_packed);

CREATE OR REPLACE VIEW responses AS
SELECT * EXCLUDE (data) FROM response_items;

-- The text that a value reads as; null for objects and arrays.
CREATE OR REPLACE MACRO scalar(value) AS
  CASE WHEN json_type(value) NOT IN ('OBJECT', 'ARRAY', 'NULL') THEN value ->> '$' END;
CREATE OR REPLACE MACRO list_of(value) AS
  CASE WHEN json_type(value) = 'ARRAY' THEN value::JSON[] WHEN json_type(value) <> 'NULL' THEN [value] END;
CREATE OR REPLACE MACRO option_title(value) AS coalesce(scalar(value), scalar(json_extract(value, '$.title')));
CREATE OR REPLACE MACRO medium_url(value) AS
  coalesce(
    CASE WHEN json_type(value) = 'VARCHAR' THEN value ->> '$' END,
    nullif(value ->> '$.mediaUrl', ''),
    nullif(value ->> '$.url', '')
  );
CREATE OR REPLACE MACRO medium_name(value) AS
  coalesce(nullif(value ->> '$.mediaFileName', ''), nullif(value ->> '$.fileName', ''));
CREATE OR REPLACE MACRO number(value) AS
  CASE WHEN isfinite(try_cast(trim(value) AS DOUBLE)) THEN try_cast(trim(value) AS DOUBLE) END;
-- Milliseconds since the epoch as a time; null outside the years 1970 to 9999.
CREATE OR REPLACE MACRO time_of(millis) AS
  CASE WHEN millis >= 0 AND millis < 253402300800000 THEN make_timestamp_ms(floor(millis)::BIGINT)::TIMESTAMP END;

CREATE OR REPLACE VIEW answers AS
WITH asked AS (
  SELECT response_items.*, question_position, question
  FROM response_items
  CROSS JOIN UNNEST(list_of(json_extract(data, '$.responseDetails.responseWithQuestions')))
    WITH ORDINALITY AS q (question, question_position)
),
answered AS (
  SELECT
    *,
    coalesce(scalar(json_extract(question, '$.title')), scalar(question)) AS question_title,
    nullif(question ->> '$.type', '') AS question_type,
    coalesce(flag(question ->> '$.isInvisible'), false) AS is_invisible,
    CASE WHEN (question -> '$.answer')::VARCHAR NOT IN ('null', '""', '[]') THEN question -> '$.answer' END AS answer,
    question_type IN ('SingleOption', 'SingleOptionExternal', 'MultiOption', 'MultipleOption') AS has_options,
    question_type IN ('AttachmentList', 'Image') AS has_media
  FROM asked
),
valued AS (
  SELECT
    answered.* REPLACE (
      has_options AND len(list_filter(list_of(answer), lambda x : option_title(x) IS NULL)) = 0 AS has_options,
      has_media AND len(list_filter(list_of(answer), lambda x : coalesce(medium_url(x), medium_name(x)) IS NULL)) = 0
        AS has_media
    )
  FROM answered
),
split AS (
  SELECT valued.*, answer_position, value
  FROM valued
  LEFT JOIN UNNEST(CASE WHEN has_options OR has_media THEN list_of(answer) WHEN answer IS NOT NULL THEN [answer] END)
    WITH ORDINALITY AS a (value, answer_position) ON true
),
placed AS (
  SELECT
    *,
    number(scalar(value)) AS n,
    CASE
      WHEN question_type = 'Location' AND json_type(value) = 'OBJECT' THEN value
      WHEN question_type = 'Location' AND json_valid(value ->> '$') THEN (value ->> '$')::JSON
    END AS place_json,
    number(coalesce(place_json ->> '$.lt', place_json ->> '$.latitude')) AS north,
    number(coalesce(place_json ->> '$.lg', place_json ->> '$.longitude')) AS east,
    north IS NOT NULL AND east IS NOT NULL AS has_place,
    CASE question_type
      WHEN 'DateTime' THEN time_of(n)
      WHEN 'Date' THEN time_of(CASE WHEN abs(n) < 1e11 THEN n * 1000 ELSE n END)
    END AS answer_time,
    CASE WHEN question_type = 'Numeric' THEN n END AS answer_number
  FROM split
)
SELECT
  group_id, event_id, event_key, received_at, response_id, action_id, package_id, question_position, question_title,
  question_type, is_invisible, answer_position,
  CASE
    WHEN answer_number IS NOT NULL OR answer_time IS NOT NULL OR has_place OR has_media THEN NULL
    WHEN has_options THEN option_title(value)
    WHEN question_type = 'PhoneNumber' AND scalar(json_extract(value, '$.cc')) IS NOT NULL AND scalar(json_extract(value, '$.pn')) IS NOT NULL
      THEN '+' || ltrim(value ->> '$.cc', '+') || (value ->> '$.pn')
    ELSE coalesce(scalar(value), value::VARCHAR)
  END AS answer_text,
  answer_number,
  answer_time,
  CASE WHEN has_place THEN north END AS latitude,
  CASE WHEN has_place THEN east END AS longitude,
  CASE WHEN has_place THEN number(coalesce(place_json ->> '$.acc', place_json ->> '$.accuracy')) END AS accuracy_m,
  CASE
    WHEN has_place THEN nullif(
      concat_ws(
        ', ',
        coalesce(nullif(place_json ->> '$.n', ''), nullif(place_json ->> '$.name', '')),
        coalesce(nullif(place_json ->> '$.a', ''), nullif(place_json ->> '$.address', ''))
      ),
      ''
    )
  END AS place,
  CASE WHEN has_media THEN medium_url(value) END AS media_url,
  CASE WHEN has_media THEN medium_name(value) END AS media_file_name,
  is_latest
FROM placed;
