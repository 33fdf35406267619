-- The second factor: a code of an app on the person's phone, or a recovery code.

-- The seed of the codes is encrypted under a key derived from the pepper.
CREATE TABLE authenticator (
    person_id   TEXT PRIMARY KEY REFERENCES person (id),
    sealed_seed BLOB NOT NULL,
    created_at  BIGINT NOT NULL,
    -- The step of the last code that counted: no code counts twice.
    last_step   BIGINT NOT NULL,
    -- Wrong codes since the last right one, and until when no code is looked at because of them.
    failures    BIGINT NOT NULL,
    wait_until  BIGINT NOT NULL
);

CREATE TABLE recovery_code (
    person_id  TEXT NOT NULL REFERENCES person (id),
    code_hash  BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT,
    PRIMARY KEY (person_id, code_hash)
);

-- A sign-in whose password was right and whose code is still to come.
CREATE TABLE sign_in_step (
    token_hash   BLOB PRIMARY KEY,
    browser_hash BLOB NOT NULL,
    person_id    TEXT NOT NULL REFERENCES person (id),
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX sign_in_step_by_browser ON sign_in_step (browser_hash);
CREATE INDEX sign_in_step_by_person ON sign_in_step (person_id);
CREATE INDEX sign_in_step_by_expiry ON sign_in_step (expires_at);

-- Since when the organization's admins must have a second factor; null means that they need none.
ALTER TABLE organization ADD COLUMN admins_need_two_factor_at BIGINT;
