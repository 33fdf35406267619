-- Links that set a new password. Whoever asks, for an address that is known or not, leaves the same rows; whose they
-- are is looked up when the mail goes out. The link's token is computed from the id and stored nowhere.
CREATE TABLE password_reset (
    id         TEXT PRIMARY KEY,
    email      TEXT NOT NULL,
    -- Who asked: a network address.
    address    TEXT NOT NULL,
    -- Whom the link went to.
    person_id  TEXT REFERENCES person (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX password_reset_by_email ON password_reset (email, created_at);
CREATE INDEX password_reset_by_expiry ON password_reset (expires_at);

ALTER TABLE person ADD COLUMN password_changed_at BIGINT;
