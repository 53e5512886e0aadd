CREATE OR REPLACE VIEW messages AS
SELECT group_id, event_id, event_key, received_at, json_extract_scalar(data, '$.text') AS text
FROM items
WHERE event_type = 'TextMessageCreated' AND data IS NOT NULL
