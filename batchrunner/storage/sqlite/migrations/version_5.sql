-- Version 5: what receipts tell has a table of its own. Before, a run with the command 'receipts' stood for it.

CREATE TABLE receipt (              -- an attempt or an adoption that another machine made: its receipts tell of it
    id           INTEGER PRIMARY KEY,
    attempt_id   INTEGER UNIQUE REFERENCES attempt (id),
    adoption_id  INTEGER UNIQUE REFERENCES adoption (id),
    host         TEXT NOT NULL,     -- that machine
    digest       TEXT,
    CHECK ((attempt_id IS NULL) <> (adoption_id IS NULL))
) STRICT;
CREATE INDEX receipt_undigested ON receipt (id) WHERE digest IS NULL;
CREATE TRIGGER receipt_stays BEFORE UPDATE ON receipt
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER receipt_remains BEFORE DELETE ON receipt BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;

-- SQLite makes a column optional only by making its table anew. `upgrade.py` copies the rows, and drops the old ones.
CREATE TABLE attempt_of_version_4 AS SELECT * FROM attempt;
DROP TABLE attempt;
CREATE TABLE attempt (              -- committed before its POST leaves
    id           INTEGER PRIMARY KEY,
    run_id       INTEGER REFERENCES run (id),  -- NULL where a receipt tells of it
    manifest     TEXT NOT NULL,
    profile      TEXT NOT NULL,
    job          TEXT NOT NULL,
    take         INTEGER NOT NULL,
    number       INTEGER NOT NULL,  -- 1, 2, … of this identity: a claim with a number that is taken is refused
    request      TEXT NOT NULL,     -- JSON: {"model", "fields"}, canonical
    output       TEXT NOT NULL,     -- where its clip goes, relative to the project
    base_url     TEXT NOT NULL,
    key_digest   TEXT NOT NULL,     -- tells keys apart without holding one
    key_last4    TEXT NOT NULL,     -- what the web console shows of it
    reserved_usd TEXT NOT NULL,
    opened_at_s  REAL NOT NULL,
    settled_at_s REAL,
    decision     TEXT,              -- which one it carries out, if any
    fingerprint  TEXT,              -- of its request, to look it up: requests are compared by value
    digest       TEXT,
    UNIQUE (manifest, profile, job, take, number)
) STRICT;
CREATE UNIQUE INDEX attempt_open ON attempt (manifest, profile, job, take) WHERE settled_at_s IS NULL;
CREATE INDEX attempt_fingerprint ON attempt (fingerprint, take);
CREATE INDEX attempt_undigested ON attempt (id) WHERE digest IS NULL;
CREATE TRIGGER attempt_is_settled_once BEFORE UPDATE OF settled_at_s ON attempt
WHEN OLD.settled_at_s IS NOT NULL OR NEW.settled_at_s IS NULL
BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER attempt_stays BEFORE UPDATE OF id, run_id, manifest, profile, job, take, number, request, output, base_url,
    key_digest, key_last4, reserved_usd, opened_at_s ON attempt
BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER attempt_keeps_its_digest BEFORE UPDATE OF decision, fingerprint, digest ON attempt
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER attempt_remains BEFORE DELETE ON attempt BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;

CREATE TABLE adoption_of_version_4 AS SELECT * FROM adoption;
DROP TABLE adoption;
CREATE TABLE adoption (             -- a job takes over a clip that was paid for under another name
    id           INTEGER PRIMARY KEY,
    run_id       INTEGER REFERENCES run (id),  -- NULL where a receipt tells of it
    manifest     TEXT NOT NULL,     -- who takes it over
    profile      TEXT NOT NULL,
    job          TEXT NOT NULL,
    take         INTEGER NOT NULL,
    number       INTEGER NOT NULL,  -- among the attempts of the adopting job
    attempt_id   INTEGER NOT NULL REFERENCES attempt (id),
    at_s         REAL NOT NULL,
    digest       TEXT,
    UNIQUE (manifest, profile, job, take, number)
) STRICT;
CREATE INDEX adoption_attempt ON adoption (attempt_id);
CREATE INDEX adoption_undigested ON adoption (id) WHERE digest IS NULL;
CREATE TRIGGER adoption_stays BEFORE UPDATE ON adoption
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER adoption_remains BEFORE DELETE ON adoption BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;
