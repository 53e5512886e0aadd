CREATE OR REPLACE VIEW response_items AS
-- The responses with their data, for the tables responses and answers.
--
-- A response whose body SQL cannot unpack counts too, with what its item says about it: left out, it would make an older
-- revision the latest. It does not count as an edit unless it was pulled. The order is that of src/event/latest.rs.
WITH described AS (
  SELECT
    group_id,
    event_id,
    event_key,
    received_at,
    event_type,
    action_id,
    coalesce(
      nullif(json_extract_scalar(data, '$.packageId'), ''),
      nullif(json_extract_scalar(data, '$.actionPackageId'), '')
    ) AS package_id,
    coalesce(response_id, event_id) AS response_id,
    nullif(json_extract_scalar(data, '$.responderId'), '') AS responder_id,
    nullif(json_extract_scalar(data, '$.responder'), '') AS responder,
    nullif(json_extract_scalar(data, '$.responderName'), '') AS responder_name,
    lower(json_extract_scalar(data, '$.isAnonymous')) AS is_anonymous,
    coalesce(lower(json_extract_scalar(data, '$.isUpdateResponse')) IN ('true', '1'), false) AS is_update,
    is_pulled,
    CASE WHEN is_pulled THEN received_at ELSE least(coalesce(occurred_at, received_at), received_at) END AS ranked_at,
    occurred_at AS responded_at,
    data
  FROM items
  WHERE event_type IN ('ActionResponse', 'SurveyResponse') AND (data IS NOT NULL OR body IS NULL)
)
SELECT
  group_id,
  event_id,
  event_key,
  received_at,
  event_type,
  action_id,
  package_id,
  response_id,
  responder_id,
  responder,
  responder_name,
  CASE WHEN is_anonymous IN ('true', '1') THEN true WHEN is_anonymous IN ('false', '0') THEN false END AS is_anonymous,
  is_update,
  is_pulled,
  row_number() OVER (
    PARTITION BY group_id, response_id
    ORDER BY is_update OR is_pulled DESC, ranked_at DESC, received_at DESC, event_key DESC
  ) = 1 AS is_latest,
  ranked_at,
  responded_at,
  data
FROM described
