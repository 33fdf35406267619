-- Roles that organizations make. `membership.role` holds a built-in role's name or the id of one of these: a name has
-- no underscore in it, and an id starts with rol_.
CREATE TABLE custom_role (
    id              TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id),
    name            TEXT NOT NULL,
    scopes          TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    UNIQUE (organization_id, name)
);
CREATE INDEX membership_by_role ON membership (organization_id, role);
