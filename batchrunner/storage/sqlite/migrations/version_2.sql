-- Version 2: which clip a person keeps, and what was learnt of the account.

ALTER TABLE mark ADD COLUMN chosen INTEGER;  -- of accept: the number of the attempt whose clip is kept

CREATE TABLE account (              -- one thing learnt of the account, at one moment
    id           INTEGER PRIMARY KEY,
    run_id       INTEGER NOT NULL REFERENCES run (id),
    key_digest   TEXT NOT NULL,
    balance_usd  TEXT,
    slots        INTEGER,           -- how many tasks it lets run at once
    at_s         REAL NOT NULL,
    CHECK ((balance_usd IS NULL) <> (slots IS NULL))
) STRICT;
CREATE INDEX account_run ON account (run_id);
CREATE TRIGGER account_stays BEFORE UPDATE ON account BEGIN SELECT RAISE(ABORT, 'facts are not changed'); END;
CREATE TRIGGER account_remains BEFORE DELETE ON account BEGIN SELECT RAISE(ABORT, 'facts are not deleted'); END;
