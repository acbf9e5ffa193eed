-- The ledger: facts in the order in which they happened. Version 1.
-- Nothing is ever changed or deleted; the few columns that are filled in later are filled in once (see the triggers).

CREATE TABLE job_list (             -- what a manifest wanted, spelt out; equal lists are stored once
    digest       TEXT PRIMARY KEY,
    jobs         TEXT NOT NULL      -- JSON: a list of jobs in the manifest's order
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
CREATE INDEX run_manifest ON run (manifest, profile);

CREATE TABLE attempt (              -- committed before its POST leaves
    id           INTEGER PRIMARY KEY,
    run_id       INTEGER NOT NULL REFERENCES run (id),
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
    UNIQUE (manifest, profile, job, take, number)
) STRICT;
CREATE UNIQUE INDEX attempt_open ON attempt (manifest, profile, job, take) WHERE settled_at_s IS NULL;

CREATE TABLE answer (               -- what became of an attempt, by the service's word or later a person's
    id           INTEGER PRIMARY KEY,
    attempt_id   INTEGER NOT NULL REFERENCES attempt (id),
    outcome      TEXT NOT NULL CHECK (outcome IN ('accepted', 'refused', 'unknown')),
    task_id      TEXT UNIQUE,
    refusal      TEXT,
    http_status  INTEGER,
    message      TEXT NOT NULL,
    body         TEXT NOT NULL,     -- as it came, links without their signatures
    at_s         REAL NOT NULL,
    CHECK ((outcome = 'accepted') = (task_id IS NOT NULL))
) STRICT;
CREATE INDEX answer_attempt ON answer (attempt_id);

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
) STRICT;
CREATE INDEX observation_attempt ON observation (attempt_id);

CREATE TABLE clip (                 -- a verified file, written down before it gets this path
    id           INTEGER PRIMARY KEY,
    attempt_id   INTEGER NOT NULL REFERENCES attempt (id),
    role         TEXT NOT NULL CHECK (role IN ('final', 'version')),
    path         TEXT NOT NULL,
    size_bytes   INTEGER NOT NULL,
    sha256       TEXT NOT NULL,
    at_s         REAL NOT NULL
) STRICT;
CREATE INDEX clip_attempt ON clip (attempt_id);

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
) STRICT;
CREATE INDEX mark_identity ON mark (manifest, profile, job, take);

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
CREATE INDEX upload_content ON upload (sha256);

CREATE TABLE adoption (             -- a job takes over a clip that was paid for under another name
    id           INTEGER PRIMARY KEY,
    run_id       INTEGER NOT NULL REFERENCES run (id),
    manifest     TEXT NOT NULL,     -- who takes it over
    profile      TEXT NOT NULL,
    job          TEXT NOT NULL,
    take         INTEGER NOT NULL,
    number       INTEGER NOT NULL,  -- among the attempts of the adopting job
    attempt_id   INTEGER NOT NULL REFERENCES attempt (id),
    at_s         REAL NOT NULL,
    UNIQUE (manifest, profile, job, take, number)
) STRICT;
CREATE INDEX adoption_attempt ON adoption (attempt_id);

CREATE TABLE adopted_clip (         -- like `clip`, for the copy that the adopting job has
    id           INTEGER PRIMARY KEY,
    adoption_id  INTEGER NOT NULL REFERENCES adoption (id),
    role         TEXT NOT NULL CHECK (role IN ('final', 'version')),
    path         TEXT NOT NULL,
    size_bytes   INTEGER NOT NULL,
    sha256       TEXT NOT NULL,
    at_s         REAL NOT NULL
) STRICT;
CREATE INDEX adopted_clip_adoption ON adopted_clip (adoption_id);

-- Facts stay as they are. Two columns are filled in later, once; no other column of their tables ever changes.
CREATE TRIGGER attempt_is_settled_once BEFORE UPDATE OF settled_at_s ON attempt
WHEN OLD.settled_at_s IS NOT NULL OR NEW.settled_at_s IS NULL
BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER attempt_stays BEFORE UPDATE OF id, run_id, manifest, profile, job, take, number, request, output, base_url,
    key_digest, key_last4, reserved_usd, opened_at_s ON attempt
BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER run_ends_once BEFORE UPDATE OF ended_at_s, exit_code ON run
WHEN OLD.ended_at_s IS NOT NULL OR NEW.ended_at_s IS NULL
BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER run_stays BEFORE UPDATE OF id, manifest, profile, command, path, base_url, host, pid, release, job_list,
    started_at_s ON run
BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER job_list_stays BEFORE UPDATE ON job_list BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER answer_stays BEFORE UPDATE ON answer BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER observation_stays BEFORE UPDATE ON observation BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER clip_stays BEFORE UPDATE ON clip BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER mark_stays BEFORE UPDATE ON mark BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER job_list_remains BEFORE DELETE ON job_list BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;
CREATE TRIGGER run_remains BEFORE DELETE ON run BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;
CREATE TRIGGER attempt_remains BEFORE DELETE ON attempt BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;
CREATE TRIGGER answer_remains BEFORE DELETE ON answer BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;
CREATE TRIGGER observation_remains BEFORE DELETE ON observation BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;
CREATE TRIGGER clip_remains BEFORE DELETE ON clip BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;
CREATE TRIGGER mark_remains BEFORE DELETE ON mark BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;
CREATE TRIGGER upload_is_deleted_once BEFORE UPDATE ON upload
WHEN OLD.deleted_at_s IS NOT NULL OR NEW.deleted_at_s IS NULL OR OLD.url IS NOT NEW.url
BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER upload_remains BEFORE DELETE ON upload BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;
CREATE TRIGGER adoption_stays BEFORE UPDATE ON adoption BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER adoption_remains BEFORE DELETE ON adoption BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;
CREATE TRIGGER adopted_clip_stays BEFORE UPDATE ON adopted_clip
BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER adopted_clip_remains BEFORE DELETE ON adopted_clip
BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;
