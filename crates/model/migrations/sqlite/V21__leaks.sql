-- Credentials of ours that somebody found and reported, for the page of the key or application that they belonged to.
CREATE TABLE leak (
    id          TEXT PRIMARY KEY,
    -- The API key, or the application's client id.
    holder_id   TEXT NOT NULL,
    credential  TEXT NOT NULL CHECK (credential IN ('api_key', 'client_secret', 'access_token', 'refresh_token')),
    last_four   TEXT NOT NULL,
    reported_at BIGINT NOT NULL
);
CREATE INDEX leak_by_holder ON leak (holder_id, id);

-- How many were reported, right or wrong. It changes with every report, so that all reports cost a write.
CREATE TABLE leak_tally (
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    received BIGINT NOT NULL
);
INSERT INTO leak_tally (id, received) VALUES (1, 0);
