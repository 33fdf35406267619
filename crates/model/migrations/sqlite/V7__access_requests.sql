-- A person whose role was too weak for an application asks an admin. One open request per person and application.
CREATE TABLE access_request (
    id              TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id),
    person_id       TEXT NOT NULL REFERENCES person (id),
    client_id       TEXT NOT NULL REFERENCES application (client_id),
    -- What the person wrote to the admin.
    message         TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    decided_at      BIGINT,
    decided_by      TEXT REFERENCES person (id),
    outcome         TEXT CHECK (outcome IN ('approved', 'refused', 'expired')),
    -- With approval the role that was given; with refusal what the admin wrote back.
    role            TEXT,
    answer          TEXT,
    CHECK ((decided_at IS NULL) = (outcome IS NULL))
);
CREATE UNIQUE INDEX access_request_open ON access_request (organization_id, person_id, client_id)
    WHERE decided_at IS NULL;
CREATE INDEX access_request_by_organization ON access_request (organization_id, id);
CREATE INDEX access_request_by_person ON access_request (person_id, client_id, id);
