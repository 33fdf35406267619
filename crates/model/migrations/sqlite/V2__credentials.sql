-- API keys, OAuth applications, grants and tokens. Secrets are stored only as keyed hashes.

CREATE TABLE api_key (
    id                TEXT PRIMARY KEY,
    organization_id   TEXT NOT NULL REFERENCES organization (id),
    name              TEXT NOT NULL,
    prefix            TEXT NOT NULL,
    last_four         TEXT NOT NULL,
    secret_hash       BLOB NOT NULL UNIQUE,
    scopes            TEXT NOT NULL,
    devices           TEXT NOT NULL CHECK (devices IN ('all', 'chosen')),
    creator_id        TEXT REFERENCES person (id),
    -- A key made by a key is never wider than it and dies with it.
    parent_id         TEXT REFERENCES api_key (id),
    created_at        BIGINT NOT NULL,
    expires_at        BIGINT,
    revoked_at        BIGINT,
    last_used_at      BIGINT,
    last_used_address TEXT
);
CREATE INDEX api_key_by_organization ON api_key (organization_id, id);
CREATE INDEX api_key_by_parent ON api_key (parent_id);

CREATE TABLE application (
    client_id          TEXT PRIMARY KEY,
    organization_id    TEXT NOT NULL REFERENCES organization (id),
    name               TEXT NOT NULL,
    homepage_url       TEXT,
    description        TEXT,
    privacy_policy_url TEXT,
    terms_url          TEXT,
    client_type        TEXT NOT NULL CHECK (client_type IN ('confidential', 'public')),
    pkce               TEXT NOT NULL CHECK (pkce IN ('required', 'optional')),
    scopes             TEXT NOT NULL,
    optional_scopes    TEXT NOT NULL,
    creator_id         TEXT REFERENCES person (id),
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    verified_at        BIGINT,
    deleted_at         BIGINT,
    CHECK (client_type = 'confidential' OR pkce = 'required')
);
CREATE INDEX application_by_organization ON application (organization_id, client_id);

CREATE TABLE redirect_uri (
    client_id TEXT NOT NULL REFERENCES application (client_id),
    uri       TEXT NOT NULL,
    position  BIGINT NOT NULL,
    PRIMARY KEY (client_id, uri)
);

CREATE TABLE client_secret (
    id           TEXT PRIMARY KEY,
    client_id    TEXT NOT NULL REFERENCES application (client_id),
    secret_hash  BLOB NOT NULL UNIQUE,
    last_four    TEXT NOT NULL,
    creator_id   TEXT REFERENCES person (id),
    created_at   BIGINT NOT NULL,
    revoked_at   BIGINT,
    last_used_at BIGINT
);
CREATE INDEX client_secret_by_client ON client_secret (client_id);

-- An authorization request that waits for sign-in or consent, bound to the browser that brought it.
CREATE TABLE authorization_request (
    id           TEXT PRIMARY KEY,
    browser_hash BLOB NOT NULL,
    client_id    TEXT NOT NULL REFERENCES application (client_id),
    redirect_uri TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    state        TEXT,
    challenge    TEXT,
    -- prompt=login: the person must have signed in after this.
    authenticate_after BIGINT,
    -- prompt=consent, prompt=select_account: what the person allowed before this does not count.
    consent_after      BIGINT,
    login_hint   TEXT,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    decided_at   BIGINT
);
CREATE INDEX authorization_request_by_browser ON authorization_request (browser_hash, created_at);
CREATE INDEX authorization_request_by_expiry ON authorization_request (expires_at);

-- One person's consent to one application for one organization.
CREATE TABLE oauth_grant (
    id              TEXT PRIMARY KEY,
    client_id       TEXT NOT NULL REFERENCES application (client_id),
    person_id       TEXT NOT NULL REFERENCES person (id),
    organization_id TEXT NOT NULL REFERENCES organization (id),
    scopes          TEXT NOT NULL,
    devices         TEXT NOT NULL CHECK (devices IN ('all', 'chosen')),
    created_at      BIGINT NOT NULL,
    approved_at     BIGINT NOT NULL,
    last_used_at    BIGINT,
    revoked_at      BIGINT,
    revoked_because TEXT
);
CREATE UNIQUE INDEX oauth_grant_live ON oauth_grant (client_id, person_id, organization_id)
    WHERE revoked_at IS NULL;
CREATE INDEX oauth_grant_by_organization ON oauth_grant (organization_id, id);
CREATE INDEX oauth_grant_by_person ON oauth_grant (person_id, id);

-- What one authorization code led to: its access tokens and its line of refresh tokens.
CREATE TABLE token_family (
    id              TEXT PRIMARY KEY,
    grant_id        TEXT NOT NULL REFERENCES oauth_grant (id),
    client_id       TEXT NOT NULL REFERENCES application (client_id),
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    revoked_at      BIGINT,
    revoked_because TEXT
);
CREATE INDEX token_family_by_grant ON token_family (grant_id);
CREATE INDEX token_family_by_expiry ON token_family (expires_at);

CREATE TABLE authorization_code (
    code_hash    BLOB PRIMARY KEY,
    family_id    TEXT NOT NULL REFERENCES token_family (id),
    redirect_uri TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    challenge    TEXT,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    redeemed_at  BIGINT,
    spoiled_at   BIGINT
);
CREATE INDEX authorization_code_by_family ON authorization_code (family_id);

CREATE TABLE access_token (
    token_hash BLOB PRIMARY KEY,
    family_id  TEXT NOT NULL REFERENCES token_family (id),
    scopes     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX access_token_by_family ON access_token (family_id);
CREATE INDEX access_token_by_expiry ON access_token (expires_at);

CREATE TABLE refresh_token (
    token_hash BLOB PRIMARY KEY,
    family_id  TEXT NOT NULL REFERENCES token_family (id),
    scopes     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Idle life; the family's own end is the absolute one.
    expires_at BIGINT NOT NULL,
    rotated_at BIGINT
);
CREATE INDEX refresh_token_by_family ON refresh_token (family_id);
