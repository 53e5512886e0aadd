CREATE OR REPLACE VIEW attachments AS
-- The media of AttachmentCreated and Announcement: objects in either spelling of their keys, or bare URLs.
WITH listed AS (
  SELECT *, json_extract(data, '$.media') AS media
  FROM items
  WHERE event_type IN ('AttachmentCreated', 'Announcement')
),
named AS (
  SELECT
    *,
    filter(
      CASE
        WHEN json_format(media) LIKE '[%' THEN CAST(media AS array(json))
        WHEN json_format(media) <> 'null' THEN ARRAY[media]
      END,
      m -> json_format(m) LIKE '"_%' OR coalesce(
        nullif(json_extract_scalar(m, '$.mediaUrl'), ''),
        nullif(json_extract_scalar(m, '$.url'), ''),
        nullif(json_extract_scalar(m, '$.mediaFileName'), ''),
        nullif(json_extract_scalar(m, '$.fileName'), '')
      ) IS NOT NULL
    ) AS files
  FROM listed
)
SELECT
  group_id,
  event_id,
  event_key,
  received_at,
  event_type AS source_type,
  "position",
  CASE WHEN event_type = 'AttachmentCreated' THEN nullif(json_extract_scalar(data, '$.actionType'), '') END AS action_type,
  CASE WHEN event_type = 'AttachmentCreated' THEN nullif(json_extract_scalar(data, '$.caption'), '') END AS caption,
  coalesce(
    CASE WHEN json_format(medium) LIKE '"%' THEN json_extract_scalar(medium, '$') END,
    nullif(json_extract_scalar(medium, '$.mediaUrl'), ''),
    nullif(json_extract_scalar(medium, '$.url'), '')
  ) AS media_url,
  coalesce(
    nullif(json_extract_scalar(medium, '$.mediaFileName'), ''), nullif(json_extract_scalar(medium, '$.fileName'), '')
  ) AS media_file_name
FROM named
CROSS JOIN UNNEST(files) WITH ORDINALITY AS f (medium, "position")
