-- Mails that wait to be sent, written in the transaction of what they tell. A link in a mail is not in its row: the row
-- names what the link opens, and its token is computed when the mail goes out.
CREATE TABLE mail (
    id         TEXT PRIMARY KEY,
    recipient  TEXT NOT NULL,
    subject    TEXT NOT NULL,
    -- Empty once the mail is sent or given up.
    body       TEXT NOT NULL,
    link       TEXT CHECK (link IN ('password_reset')),
    link_id    TEXT,
    created_at BIGINT NOT NULL,
    -- After this nobody tries any more.
    expires_at BIGINT NOT NULL,
    attempts   BIGINT NOT NULL,
    -- When it is due; null when nothing is left to do.
    next_at    BIGINT,
    sent_at    BIGINT,
    failure    TEXT
);
CREATE INDEX mail_due ON mail (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX mail_by_age ON mail (created_at);
