-- Invitations: one address, one role, one use. The link's token is stored as a keyed hash alone.
CREATE TABLE invitation (
    id              TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id),
    -- Lower case, as a person's.
    email           TEXT NOT NULL,
    -- As `membership.role`.
    role            TEXT NOT NULL,
    token_hash      BLOB NOT NULL UNIQUE,
    -- Who invites, and must still be able to give the role when it is accepted: a person, or an API key.
    inviter_id      TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    accepted_at     BIGINT,
    revoked_at      BIGINT
);
-- A newer one takes an older one's place.
CREATE UNIQUE INDEX invitation_open ON invitation (organization_id, email)
    WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitation_by_expiry ON invitation (expires_at);
CREATE INDEX invitation_by_organization ON invitation (organization_id, id);
