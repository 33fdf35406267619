-- What an application's owner may switch for libraries that need it.
ALTER TABLE application ADD COLUMN issuer_parameter TEXT NOT NULL DEFAULT 'sent'
    CHECK (issuer_parameter IN ('sent', 'left_out'));
ALTER TABLE application ADD COLUMN refresh_rotation TEXT NOT NULL DEFAULT 'rotate'
    CHECK (refresh_rotation IN ('rotate', 'keep'));

-- From where a refresh token was rotated: if it comes back, its owner wants to know whether from elsewhere.
ALTER TABLE refresh_token ADD COLUMN rotated_address TEXT;

-- Requests of an application that failed, for its owner to read. No secret is in them.
CREATE TABLE oauth_attempt (
    id          TEXT PRIMARY KEY,
    client_id   TEXT NOT NULL REFERENCES application (client_id),
    happened_at BIGINT NOT NULL,
    endpoint    TEXT NOT NULL CHECK (endpoint IN ('authorize', 'token', 'revoke', 'introspect')),
    error       TEXT NOT NULL,
    -- What the client was told, and what only the owner is.
    description TEXT NOT NULL,
    reason      TEXT,
    -- JSON: what was received, parameter by parameter.
    findings    TEXT NOT NULL,
    address     TEXT NOT NULL,
    user_agent  TEXT NOT NULL,
    request_id  TEXT NOT NULL
);
CREATE INDEX oauth_attempt_by_client ON oauth_attempt (client_id, id);
CREATE INDEX oauth_attempt_by_time ON oauth_attempt (happened_at);
