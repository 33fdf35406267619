-- Where a request came from, so that one network address can't leave any number behind by throwing its cookies away.
ALTER TABLE authorization_request ADD COLUMN address TEXT NOT NULL DEFAULT '';
CREATE INDEX authorization_request_by_address ON authorization_request (address, created_at)
    WHERE decided_at IS NULL;
