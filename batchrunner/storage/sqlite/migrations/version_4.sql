-- Version 4: decisions have names, attempts say which one they carry out, rows tell whether they are as they were
-- written, and the ledger has a name of its own.

CREATE TABLE identity (             -- one row: tells this ledger from every other; whoever trusts it keeps this id
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    ledger_id    TEXT NOT NULL      -- random, 32 hexadecimal digits
) STRICT;
INSERT INTO identity VALUES (1, lower(hex(randomblob(16))));
CREATE TRIGGER identity_stays BEFORE UPDATE ON identity BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER identity_remains BEFORE DELETE ON identity BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;

ALTER TABLE mark ADD COLUMN decision TEXT;        -- a random name, the same everywhere; one for all jobs of a command
ALTER TABLE mark ADD COLUMN host TEXT;            -- where it was decided; NULL before version 4
ALTER TABLE attempt ADD COLUMN decision TEXT;     -- which one it carries out, if any
ALTER TABLE attempt ADD COLUMN fingerprint TEXT;  -- of its request, to look it up: requests are compared by value
ALTER TABLE clip ADD COLUMN is_told INTEGER;         -- 1: only a receipt says so, nobody has looked into the file here
ALTER TABLE adopted_clip ADD COLUMN is_told INTEGER;

-- Each covers all other columns of its row, but for those that are filled in later: see `digests.py`.
ALTER TABLE attempt ADD COLUMN digest TEXT;
ALTER TABLE answer ADD COLUMN digest TEXT;
ALTER TABLE observation ADD COLUMN digest TEXT;
ALTER TABLE clip ADD COLUMN digest TEXT;
ALTER TABLE mark ADD COLUMN digest TEXT;
ALTER TABLE adoption ADD COLUMN digest TEXT;
ALTER TABLE adopted_clip ADD COLUMN digest TEXT;

CREATE UNIQUE INDEX mark_decision ON mark (decision, manifest, profile, job, take);
CREATE INDEX attempt_fingerprint ON attempt (fingerprint, take);
CREATE INDEX attempt_undigested ON attempt (id) WHERE digest IS NULL;
CREATE INDEX answer_undigested ON answer (id) WHERE digest IS NULL;
CREATE INDEX observation_undigested ON observation (id) WHERE digest IS NULL;
CREATE INDEX clip_undigested ON clip (id) WHERE digest IS NULL;
CREATE INDEX mark_undigested ON mark (id) WHERE digest IS NULL;
CREATE INDEX adoption_undigested ON adoption (id) WHERE digest IS NULL;
CREATE INDEX adopted_clip_undigested ON adopted_clip (id) WHERE digest IS NULL;

-- Facts stay as they are from the moment they have their digest, which is set before their transaction ends.
DROP TRIGGER answer_stays;
DROP TRIGGER observation_stays;
DROP TRIGGER clip_stays;
DROP TRIGGER mark_stays;
DROP TRIGGER adoption_stays;
DROP TRIGGER adopted_clip_stays;
CREATE TRIGGER attempt_keeps_its_digest BEFORE UPDATE OF decision, fingerprint, digest ON attempt
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER answer_stays BEFORE UPDATE ON answer
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER observation_stays BEFORE UPDATE ON observation
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER clip_stays BEFORE UPDATE ON clip
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER mark_stays BEFORE UPDATE ON mark
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER adoption_stays BEFORE UPDATE ON adoption
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER adopted_clip_stays BEFORE UPDATE ON adopted_clip
WHEN OLD.digest IS NOT NULL BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
