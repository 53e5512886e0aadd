CREATE OR REPLACE VIEW quarantine AS
SELECT group_id, event_id, event_key, received_at, reason, event_key AS body_sha256, bytes
FROM items
WHERE reason IS NOT NULL
