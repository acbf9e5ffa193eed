-- Version 3 of the ledger: a job takes over a clip that was paid for under another name.

CREATE TABLE adoption (
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

CREATE TRIGGER adoption_stays BEFORE UPDATE ON adoption BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER adoption_remains BEFORE DELETE ON adoption BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;
CREATE TRIGGER adopted_clip_stays BEFORE UPDATE ON adopted_clip
BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER adopted_clip_remains BEFORE DELETE ON adopted_clip
BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;
