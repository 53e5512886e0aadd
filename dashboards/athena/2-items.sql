CREATE OR REPLACE VIEW items AS
-- The items of the newest export that are events or quarantined bodies, one row each.
--
-- body is the JSON as it was received, null when it is stored gzipped or in parts, which SQL cannot unpack. Half an emoji
-- (an escaped surrogate without its other half) is replaced by what the export command reads for it: Athena cannot make
-- JSON of it, and one such message would fail every query. Until that is done, the control characters 1 and 2, which JSON
-- never holds bare, stand for escaped backslashes and around whole pairs. data is there when it is an object.
--
-- Times: Athena casts no timestamp with a time zone to one without, and a view may not have the former.
WITH stored AS (
  SELECT
    item.groupid.s AS group_id,
    item.eventid.s AS event_id,
    item.eventkey.s AS event_key,
    date_parse(item.receivedat.s, '%Y-%m-%dT%H:%i:%s.%fZ') AS received_at,
    item.eventtype.s AS event_type,
    item.objecttype.s AS object_type,
    item.objectid.s AS object_id,
    item.actionid.s AS action_id,
    item.responseid.s AS response_id,
    item.fromuserid.s AS from_user_id,
    date_parse(item.occurredat.s, '%Y-%m-%dT%H:%i:%s.%fZ') AS occurred_at,
    item.revisionof.s AS revision_of,
    coalesce(item.pulled.bool, false) AS is_pulled,
    item.reason.s AS reason,
    coalesce(length(to_utf8(item.payload.s)), length(from_base64(item.payloadbytes.b))) AS bytes,
    CASE
      WHEN item.reason.s IS NOT NULL THEN NULL
      WHEN starts_with(item.payload.s, chr(65279)) THEN substr(item.payload.s, 2)
      ELSE item.payload.s
    END AS payload
  FROM recent_exports
  JOIN newest_export ON recent_exports.dt = newest_export.dt AND starts_with(recent_exports.path, newest_export.data_path)
  WHERE item IS NOT NULL AND item.part IS NULL
),
readable AS (
  SELECT
    *,
    CASE
      WHEN regexp_like(payload, '\\u[dD][89a-fA-F]') THEN
        replace(
          replace(
            regexp_replace(
              regexp_replace(
                replace(payload, '\\', chr(1)),
                '\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})',
                chr(2) || '$1' || chr(2) || '$2'
              ),
              '\\u[dD][89a-fA-F][0-9a-fA-F]{2}',
              '\\ufffd\\ufffd\\ufffd'
            ),
            chr(2),
            '\u'
          ),
          chr(1),
          '\\'
        )
      ELSE payload
    END AS body
  FROM stored
),
opened AS (
  SELECT *, json_format(json_extract(body, '$.data')) AS any_data
  FROM readable
)
SELECT
  group_id, event_id, event_key, received_at, event_type, object_type, object_id, action_id, response_id, from_user_id,
  occurred_at, revision_of, is_pulled, reason, bytes, body,
  CASE WHEN any_data LIKE '{%' THEN any_data END AS data
FROM opened
