-- Version 2 of the ledger: the pictures that were uploaded, each once per content.

CREATE TABLE upload (
    id           INTEGER PRIMARY KEY,
    sha256       TEXT NOT NULL,
    size_bytes   INTEGER NOT NULL,
    base_url     TEXT NOT NULL,
    key_digest   TEXT NOT NULL,
    file_id      TEXT NOT NULL,     -- the service's name for it
    url          TEXT NOT NULL,     -- what a request names instead of the picture
    at_s         REAL NOT NULL,
    deleted_at_s REAL               -- filled in once
) STRICT;
CREATE INDEX upload_content ON upload (sha256);

CREATE TRIGGER upload_is_deleted_once BEFORE UPDATE ON upload
WHEN OLD.deleted_at_s IS NOT NULL OR NEW.deleted_at_s IS NULL OR OLD.url IS NOT NEW.url
BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER upload_remains BEFORE DELETE ON upload BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;
