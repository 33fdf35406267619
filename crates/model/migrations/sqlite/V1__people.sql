-- Organizations, people, and who is signed in. Times are microseconds since 1970; a null time means "not so".

CREATE TABLE organization (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    mode         TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    created_at   BIGINT NOT NULL,
    suspended_at BIGINT
);

CREATE TABLE person (
    id            TEXT PRIMARY KEY,
    -- Lower case, so that one mailbox is one person.
    email         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    operator_at   BIGINT,
    disabled_at   BIGINT,
    created_at    BIGINT NOT NULL
);

CREATE TABLE membership (
    organization_id TEXT NOT NULL REFERENCES organization (id),
    person_id       TEXT NOT NULL REFERENCES person (id),
    role            TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, person_id)
);
CREATE INDEX membership_by_person ON membership (person_id);

CREATE TABLE session (
    id               TEXT PRIMARY KEY,
    token_hash       BLOB NOT NULL UNIQUE,
    person_id        TEXT NOT NULL REFERENCES person (id),
    organization_id  TEXT NOT NULL REFERENCES organization (id),
    address          TEXT NOT NULL,
    user_agent       TEXT NOT NULL,
    created_at       BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    seen_at          BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    ended_at         BIGINT
);
CREATE INDEX session_by_person ON session (person_id);
CREATE INDEX session_by_expiry ON session (expires_at);

-- The one-time link of the first start.
CREATE TABLE setup_link (
    token_hash BLOB PRIMARY KEY,
    created_at BIGINT NOT NULL
);

-- Written in the transaction of the change. Position and hash chain are given after commit by one sealer, so that
-- no request waits for the next number.
CREATE TABLE audit_event (
    id              TEXT PRIMARY KEY,
    organization_id TEXT REFERENCES organization (id),
    happened_at     BIGINT NOT NULL,
    action          TEXT NOT NULL,
    actor           TEXT NOT NULL,
    subject         TEXT NOT NULL,
    detail          TEXT NOT NULL,
    address         TEXT NOT NULL
);
CREATE INDEX audit_event_by_organization ON audit_event (organization_id, id);
