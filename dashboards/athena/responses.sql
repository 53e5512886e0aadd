CREATE OR REPLACE VIEW responses AS
SELECT
  group_id, event_id, event_key, received_at, event_type, action_id, package_id, response_id, responder_id, responder,
  responder_name, is_anonymous, is_update, is_pulled, is_latest, ranked_at, responded_at
FROM response_items
