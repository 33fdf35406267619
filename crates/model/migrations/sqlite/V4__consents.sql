-- Each press of Allow, with what it allowed: tokens are bound to it and not to the grant, so that a later consent to
-- more scopes or devices gives nothing to the tokens that are out already. A later consent to less narrows the
-- earlier ones. `device_choice` holds the devices of a consent, no longer those of a grant.

CREATE TABLE consent (
    id         TEXT PRIMARY KEY,
    grant_id   TEXT NOT NULL REFERENCES oauth_grant (id),
    scopes     TEXT NOT NULL,
    devices    TEXT NOT NULL CHECK (devices IN ('all', 'chosen')),
    created_at BIGINT NOT NULL
);
CREATE INDEX consent_by_grant ON consent (grant_id, id);

INSERT INTO consent (id, grant_id, scopes, devices, created_at)
SELECT 'con_' || substr(id, 5), id, scopes, devices, approved_at FROM oauth_grant;

UPDATE device_choice SET holder_id = 'con_' || substr(holder_id, 5)
WHERE holder_id IN (SELECT id FROM oauth_grant);

-- The latest consent; null only while the transaction that makes the grant is under way.
ALTER TABLE oauth_grant ADD COLUMN consent_id TEXT REFERENCES consent (id);
UPDATE oauth_grant SET consent_id = 'con_' || substr(id, 5);
ALTER TABLE oauth_grant DROP COLUMN devices;

ALTER TABLE token_family ADD COLUMN consent_id TEXT REFERENCES consent (id);
UPDATE token_family SET consent_id = 'con_' || substr(grant_id, 5);
CREATE INDEX token_family_by_consent ON token_family (consent_id);

-- Which of the scopes asked for were optional when the request came in: what the person is shown unticked stays
-- unticked, whatever the application's owner changes before they answer.
ALTER TABLE authorization_request ADD COLUMN optional_scopes TEXT NOT NULL DEFAULT '';
