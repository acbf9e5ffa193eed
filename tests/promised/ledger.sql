CREATE TRIGGER account_remains BEFORE DELETE ON account BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;

CREATE TRIGGER account_stays BEFORE UPDATE ON account BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;

CREATE TRIGGER adopted_clip_remains BEFORE DELETE ON adopted_clip
BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;

CREATE TRIGGER adopted_clip_stays BEFORE UPDATE ON adopted_clip
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;

CREATE TRIGGER adoption_remains BEFORE DELETE ON adoption BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;

CREATE TRIGGER adoption_stays BEFORE UPDATE ON adoption
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;

CREATE TRIGGER answer_remains BEFORE DELETE ON answer BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;

CREATE TRIGGER answer_stays BEFORE UPDATE ON answer
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;

CREATE TRIGGER attempt_is_settled_once BEFORE UPDATE OF settled_at_s ON attempt
WHEN OLD.settled_at_s IS NOT NULL OR NEW.settled_at_s IS NULL
BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;

CREATE TRIGGER attempt_keeps_its_digest BEFORE UPDATE OF decision, fingerprint, digest ON attempt
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;

CREATE TRIGGER attempt_remains BEFORE DELETE ON attempt BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;

CREATE TRIGGER attempt_stays BEFORE UPDATE OF id, run_id, manifest, profile, job, take, number, request, output, base_url,
    key_digest, key_last4, reserved_usd, opened_at_s ON attempt
BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;

CREATE TRIGGER clip_remains BEFORE DELETE ON clip BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;

CREATE TRIGGER clip_stays BEFORE UPDATE ON clip
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;

CREATE TRIGGER identity_remains BEFORE DELETE ON identity BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;

CREATE TRIGGER identity_stays BEFORE UPDATE ON identity BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;

CREATE TRIGGER job_list_remains BEFORE DELETE ON job_list BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;

CREATE TRIGGER job_list_stays BEFORE UPDATE ON job_list BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;

CREATE TRIGGER mark_remains BEFORE DELETE ON mark BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;

CREATE TRIGGER mark_stays BEFORE UPDATE ON mark
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;

CREATE TRIGGER observation_remains BEFORE DELETE ON observation BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;

CREATE TRIGGER observation_stays BEFORE UPDATE ON observation
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;

CREATE TRIGGER receipt_remains BEFORE DELETE ON receipt BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;

CREATE TRIGGER receipt_stays BEFORE UPDATE ON receipt
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;

CREATE TRIGGER run_ends_once BEFORE UPDATE OF ended_at_s, exit_code ON run
WHEN OLD.ended_at_s IS NOT NULL OR NEW.ended_at_s IS NULL
BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;

CREATE TRIGGER run_remains BEFORE DELETE ON run BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;

CREATE TRIGGER run_stays BEFORE UPDATE OF id, manifest, profile, command, path, base_url, host, pid, release, job_list,
    started_at_s ON run
BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;

CREATE TRIGGER upload_is_deleted_once BEFORE UPDATE ON upload
WHEN OLD.deleted_at_s IS NOT NULL OR NEW.deleted_at_s IS NULL OR OLD.url IS NOT NEW.url
BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;

CREATE TRIGGER upload_remains BEFORE DELETE ON upload BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;

CREATE TABLE account (              -- one thing learnt of the account, at one moment
    id           INTEGER PRIMARY KEY,
    run_id       INTEGER NOT NULL REFERENCES run (id),
    key_digest   TEXT NOT NULL,
    balance_usd  TEXT,
    slots        INTEGER,           -- how many tasks it lets run at once
    at_s         REAL NOT NULL,
    CHECK ((balance_usd IS NULL) <> (slots IS NULL))
) STRICT;

CREATE TABLE adopted_clip (         -- like `clip`, for the copy that the adopting job has
    id           INTEGER PRIMARY KEY,
    adoption_id  INTEGER NOT NULL REFERENCES adoption (id),
    role         TEXT NOT NULL CHECK (role IN ('final', 'version')),
    path         TEXT NOT NULL,
    size_bytes   INTEGER NOT NULL,
    sha256       TEXT NOT NULL,
    at_s         REAL NOT NULL
, is_told INTEGER, digest TEXT) STRICT;

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

CREATE TABLE answer (               -- what became of an attempt, by the service's word or later a person's
    id           INTEGER PRIMARY KEY,
    attempt_id   INTEGER NOT NULL REFERENCES attempt (id),
    outcome      TEXT NOT NULL CHECK (outcome IN ('accepted', 'refused', 'unknown')),
    task_id      TEXT UNIQUE,
    refusal      TEXT,
    http_status  INTEGER,
    message      TEXT NOT NULL,
    body         TEXT NOT NULL,     -- as it came, links without their signatures
    at_s         REAL NOT NULL, digest TEXT,
    CHECK ((outcome = 'accepted') = (task_id IS NOT NULL))
) STRICT;

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

CREATE TABLE clip (                 -- a verified file, written down before it gets this path
    id           INTEGER PRIMARY KEY,
    attempt_id   INTEGER NOT NULL REFERENCES attempt (id),
    role         TEXT NOT NULL CHECK (role IN ('final', 'version')),
    path         TEXT NOT NULL,
    size_bytes   INTEGER NOT NULL,
    sha256       TEXT NOT NULL,
    at_s         REAL NOT NULL
, is_told INTEGER, digest TEXT) STRICT;

CREATE TABLE identity (             -- one row: tells this ledger from every other; whoever trusts it keeps this id
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    ledger_id    TEXT NOT NULL      -- random, 32 hexadecimal digits
) STRICT;

CREATE TABLE job_list (             -- what a manifest wanted, spelt out; equal lists are stored once
    digest       TEXT PRIMARY KEY,
    jobs         TEXT NOT NULL      -- JSON: a list of jobs in the manifest's order
) STRICT;

CREATE TABLE mark (                 -- what a person decided; it speaks of attempts up to the number `after`
    id           INTEGER PRIMARY KEY,
    manifest     TEXT NOT NULL,
    profile      TEXT NOT NULL,
    job          TEXT NOT NULL,
    take         INTEGER NOT NULL,
    kind         TEXT NOT NULL,     -- retry, redo, accept, pay-again
    after        INTEGER NOT NULL,
    request      TEXT,              -- of accept: the wish that the clip is accepted for; JSON as in attempt
    at_s         REAL NOT NULL
, chosen INTEGER, decision TEXT, host TEXT, digest TEXT) STRICT;

CREATE TABLE observation (          -- each new state in which a task was seen
    id           INTEGER PRIMARY KEY,
    attempt_id   INTEGER NOT NULL REFERENCES attempt (id),
    state        TEXT NOT NULL CHECK (state IN ('waiting', 'success', 'failed', 'gone')),
    word         TEXT NOT NULL,     -- the service's own
    error_class  TEXT,
    message      TEXT NOT NULL,
    expires_at_s REAL,
    billed_usd   TEXT,
    body         TEXT NOT NULL,
    at_s         REAL NOT NULL
, took_s REAL, digest TEXT) STRICT;

CREATE TABLE receipt (              -- an attempt or an adoption that another machine made: its receipts tell of it
    id           INTEGER PRIMARY KEY,
    attempt_id   INTEGER UNIQUE REFERENCES attempt (id),
    adoption_id  INTEGER UNIQUE REFERENCES adoption (id),
    host         TEXT NOT NULL,     -- that machine
    digest       TEXT,
    CHECK ((attempt_id IS NULL) <> (adoption_id IS NULL))
) STRICT;

CREATE TABLE run (                  -- one invocation
    id           INTEGER PRIMARY KEY,
    manifest     TEXT NOT NULL,
    profile      TEXT NOT NULL,
    command      TEXT NOT NULL,
    path         TEXT NOT NULL,     -- of the manifest, relative to the project
    base_url     TEXT NOT NULL,
    host         TEXT NOT NULL,
    pid          INTEGER NOT NULL,
    release      TEXT NOT NULL,     -- the batchrunner that ran
    job_list     TEXT NOT NULL REFERENCES job_list (digest),
    started_at_s REAL NOT NULL,     -- Unix seconds, as everywhere here
    ended_at_s   REAL,
    exit_code    INTEGER
) STRICT;

CREATE TABLE upload (               -- a local picture that the service took, once per content
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

CREATE INDEX account_run ON account (run_id);

CREATE INDEX adopted_clip_adoption ON adopted_clip (adoption_id);

CREATE INDEX adopted_clip_undigested ON adopted_clip (id) WHERE digest IS NULL;

CREATE INDEX adoption_attempt ON adoption (attempt_id);

CREATE INDEX adoption_undigested ON adoption (id) WHERE digest IS NULL;

CREATE INDEX answer_attempt ON answer (attempt_id);

CREATE INDEX answer_undigested ON answer (id) WHERE digest IS NULL;

CREATE INDEX attempt_fingerprint ON attempt (fingerprint, take);

CREATE UNIQUE INDEX attempt_open ON attempt (manifest, profile, job, take) WHERE settled_at_s IS NULL;

CREATE INDEX attempt_undigested ON attempt (id) WHERE digest IS NULL;

CREATE INDEX clip_attempt ON clip (attempt_id);

CREATE INDEX clip_undigested ON clip (id) WHERE digest IS NULL;

CREATE UNIQUE INDEX mark_decision ON mark (decision, manifest, profile, job, take);

CREATE INDEX mark_identity ON mark (manifest, profile, job, take);

CREATE INDEX mark_undigested ON mark (id) WHERE digest IS NULL;

CREATE INDEX observation_attempt ON observation (attempt_id);

CREATE INDEX observation_undigested ON observation (id) WHERE digest IS NULL;

CREATE INDEX receipt_undigested ON receipt (id) WHERE digest IS NULL;

CREATE INDEX run_manifest ON run (manifest, profile);

CREATE INDEX upload_content ON upload (sha256);
