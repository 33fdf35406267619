-- The chain of the audit log: the sealer gives each entry its position on this server (1, 2, 3 …) and a hash over the
-- hash before it and the entry. Null until then.
ALTER TABLE audit_event ADD COLUMN position BIGINT;
ALTER TABLE audit_event ADD COLUMN hash BLOB;
CREATE UNIQUE INDEX audit_event_by_position ON audit_event (position) WHERE position IS NOT NULL;
CREATE INDEX audit_event_unsealed ON audit_event (id) WHERE position IS NULL;

-- Where the chain ends, and which node seals at present. There is one row.
CREATE TABLE audit_chain (
    id         BIGINT PRIMARY KEY CHECK (id = 1),
    position   BIGINT NOT NULL,
    hash       BLOB NOT NULL,
    holder     TEXT NOT NULL,
    held_until BIGINT NOT NULL
);
INSERT INTO audit_chain (id, position, hash, holder, held_until)
VALUES (1, 0, X'0000000000000000000000000000000000000000000000000000000000000000', '', 0);
