-- A membership that is out of service is none, until somebody undoes it.
ALTER TABLE membership ADD COLUMN disabled_at BIGINT;
-- When the person last looked at the organization: where they sign in to next, and what administrators see.
ALTER TABLE membership ADD COLUMN last_seen_at BIGINT;
UPDATE membership SET last_seen_at = (
    SELECT max(session.seen_at) FROM session
    WHERE session.person_id = membership.person_id AND session.organization_id = membership.organization_id);
CREATE INDEX api_key_by_creator ON api_key (creator_id);
CREATE INDEX client_secret_by_creator ON client_secret (creator_id);
